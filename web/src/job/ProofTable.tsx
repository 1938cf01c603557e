import { IconCircleCheckFilled, IconCircleDashed } from "@tabler/icons-react";
import type { Money, Proof } from "../api/rest";
import { count, money } from "../shell/format";
import { isUnequal, verdict } from "./proof";

/** Whether both sides agree, one row per currency. Only confirmed matches count; what is still waiting is shown beside them. */
export function ProofTable({ proof, isRunning }: { proof: Proof[]; isRunning: boolean }) {
  return (
    <div className="across">
      <table className="grid proof">
        <caption className="visually-hidden">Proof by currency</caption>
        <thead>
          <tr>
            <th>Currency</th>
            <th className="number">Left confirmed</th>
            <th className="number">Right confirmed</th>
            <th className="number">
              <abbr title="Difference: left minus right">Δ</abbr>
            </th>
            <th className="number">To review</th>
            <th className="number">Open</th>
            <th className="number">Without amount</th>
          </tr>
        </thead>
        {proof.map((row) => (
          <tbody key={row.currency}>
            <tr>
              <th scope="rowgroup">{row.currency === "XXX" ? "none" : row.currency}</th>
              <td className="number left-ink">{bare(row.left.confirmed)}</td>
              <td className="number right-ink">{bare(row.right.confirmed)}</td>
              <td className="number">{isUnequal(row) ? <strong>{bare(row.difference)}</strong> : bare(row.difference)}</td>
              <Waiting
                left={row.left.to_review}
                right={row.right.to_review}
                lefts={row.left.to_review_records}
                rights={row.right.to_review_records}
              />
              <Waiting left={row.left.open} right={row.right.open} lefts={row.left.open_records} rights={row.right.open_records} />
              <td className="number">
                <Counts left={row.left.without_amount} right={row.right.without_amount} />
              </td>
            </tr>
            <tr className="verdict">
              <td colSpan={7} className="wrap">
                <span className="status">
                  {row.agrees && !isRunning ? (
                    <IconCircleCheckFilled size={15} className="done" aria-hidden />
                  ) : (
                    <IconCircleDashed size={15} className="muted" aria-hidden />
                  )}
                  <span>{verdict(row, isRunning)}</span>
                </span>
              </td>
            </tr>
          </tbody>
        ))}
      </table>
    </div>
  );
}

/** The amount alone, since the row names the currency. */
function bare(value: Money): string {
  return money({ ...value, currency: "XXX" });
}

function Waiting({ left, right, lefts, rights }: { left: Money; right: Money; lefts: number; rights: number }) {
  return (
    <td className="number">
      <Counts left={lefts} right={rights} />
      {lefts + rights > 0 ? (
        <div className="small">
          <span className="left-ink">{bare(left)}</span> · <span className="right-ink">{bare(right)}</span>
        </div>
      ) : null}
    </td>
  );
}

function Counts({ left, right }: { left: number; right: number }) {
  if (left + right === 0) return <>–</>;
  return (
    <>
      <span className="left-ink">{count(left)} left</span> · <span className="right-ink">{count(right)} right</span>
    </>
  );
}
