import { Button } from "@mantine/core";
import { IconCircleCheckFilled, IconCircleDashed } from "@tabler/icons-react";
import { useState } from "react";
import type { Money, PairSummary } from "../api/rest";
import { isZero } from "../match/difference";
import { count, money } from "../shell/format";
import { booksOf, MEANINGS, termsOf, type Books as Row } from "./books";

const FIRST = 3; // The list below should begin on the first screen.

/** The books of both sides, a row per currency. They agree only if nothing differs and nothing waits. */
export function Books({ summary }: { summary: PairSummary }) {
  const [isAll, setAll] = useState(false);
  const rows = booksOf(summary);
  const terms = termsOf(rows);
  if (rows.length === 0) return null;
  return (
    <section aria-label="Books" className="books">
      <div className="across">
        <table className="grid proof">
          <caption className="visually-hidden">Books by currency</caption>
          <thead>
            <tr>
              <th>Currency</th>
              <th className="number left-ink">Matched left</th>
              <th className="number right-ink">Matched right</th>
              <th className="number">Difference</th>
              {terms.map(([term, name]) => (
                <th key={term} className="number">
                  <abbr title={MEANINGS[term]}>{name}</abbr>
                </th>
              ))}
              <th className="number">Without amount</th>
            </tr>
          </thead>
          {(isAll ? rows : rows.slice(0, FIRST)).map((row) => (
            <Currency key={row.currency} row={row} terms={terms} />
          ))}
        </table>
      </div>
      {summary.notes.map((note) => (
        <p key={note} role="note" className="small">
          {note}
        </p>
      ))}
      {rows.length > FIRST ? (
        <Button size="compact-sm" variant="subtle" onClick={() => setAll(!isAll)} aria-expanded={isAll}>
          {isAll ? "Fewer currencies" : `All ${count(rows.length)} currencies`}
        </Button>
      ) : null}
    </section>
  );
}

function Currency({ row, terms }: { row: Row; terms: ReturnType<typeof termsOf> }) {
  const { proof, left, right } = row;
  const differs = !isZero(proof.difference.amount);
  const isOpen = [left, right].some((side) => side && (!isZero(side.open.amount) || side.without_amount > 0));
  return (
    <tbody>
      <tr>
        <th scope="rowgroup">{row.currency === "XXX" ? "none" : row.currency}</th>
        <td className="number left-ink">
          <Term>Matched left</Term>
          {bare(proof.left)}
        </td>
        <td className="number right-ink">
          <Term>Matched right</Term>
          {bare(proof.right)}
        </td>
        <td className="number">
          <Term>Difference</Term>
          {differs ? <strong>{bare(proof.difference)}</strong> : bare(proof.difference)}
        </td>
        {terms.map(([term, name]) => (
          <Both key={term} name={name} left={amount(left?.[term])} right={amount(right?.[term])} />
        ))}
        <Both
          name="Without amount"
          left={left?.without_amount ? count(left.without_amount) : ""}
          right={right?.without_amount ? count(right.without_amount) : ""}
        />
      </tr>
      <tr className="verdict">
        <td colSpan={terms.length + 5} className="wrap">
          <span className="status">
            {proof.agrees ? (
              <IconCircleCheckFilled size={15} className="done" aria-hidden />
            ) : (
              <IconCircleDashed size={15} className="muted" aria-hidden />
            )}
            <span>
              {proof.agrees ? "What is matched agrees on both sides, and nothing waits." : (proof.missing ?? "The books are not complete.")}
              {proof.agrees && isOpen ? " What is open has no match yet." : null}
            </span>
          </span>
        </td>
      </tr>
    </tbody>
  );
}

/** The name of a column, shown where the columns are rows, on a phone. The head of the table says it to everybody else. */
function Term({ children }: { children: string }) {
  return (
    <span className="term" aria-hidden>
      {children}
    </span>
  );
}

/** Left above right. A side with nothing is left out, and a cell with nothing is a dash, or on a phone not there. */
function Both({ name, left, right }: { name: string; left: string; right: string }) {
  if (left === "" && right === "") return <td className="number muted nothing">–</td>;
  return (
    <td className="number">
      <Term>{name}</Term>
      {left === "" ? null : (
        <div className="left-ink">
          <span className="small">left</span> {left}
        </div>
      )}
      {right === "" ? null : (
        <div className="right-ink">
          <span className="small">right</span> {right}
        </div>
      )}
    </td>
  );
}

function amount(value: Money | undefined): string {
  return value === undefined || isZero(value.amount) ? "" : bare(value);
}

/** The amount alone, since the row names the currency. */
function bare(value: Money): string {
  return money({ ...value, currency: "XXX" });
}
