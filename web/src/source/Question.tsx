import { Button } from "@mantine/core";
import type { QuestionView } from "../api/rest";
import { NO_CURRENCY, readAmount, readDate, type Draft, type Mark, type Order } from "./mapping";

interface Choice {
  label: string;
  part: Partial<Draft>;
  /** How this choice would read a value from the file; null if it cannot. */
  read?: (text: string) => string | null;
}

const ORDERS: Record<Order, string> = { dmy: "day, month, year", mdy: "month, day, year", ymd: "year, month, day" };
const CURRENCIES = ["EUR", "USD", "GBP", "CHF", "JPY"];
const ROWS = 3;

/** A question about the file, as a card: a button for each choice, and how each choice reads some values of the file. */
export function Question({ question, draft, choose }: { question: QuestionView; draft: Draft; choose: (part: Partial<Draft>) => void }) {
  const choices = choicesOf(question);
  const examples = telling(question.examples, choices).slice(0, ROWS);
  const isRead = choices.some((choice) => choice.read) && examples.length > 0;
  return (
    <fieldset className="notice question">
      <legend>
        <strong dir="auto">{question.columns?.length ? question.columns.join(" and ") : (question.column ?? "The amounts")}</strong>:{" "}
        {WORDS[question.kind]}
      </legend>
      <div className="row">
        {choices.map((choice) => {
          const isChosen = Object.entries(choice.part).every(([name, value]) => draft[name as keyof Draft] === value);
          return (
            <Button
              key={choice.label}
              size="compact-md"
              variant={isChosen ? "filled" : "default"}
              aria-pressed={isChosen}
              onClick={() => choose(choice.part)}
            >
              {choice.label}
            </Button>
          );
        })}
      </div>
      {isRead ? (
        <div className="across">
          <table className="grid readings">
            <thead>
              <tr>
                <th>In the file</th>
                {choices.map((choice) => (choice.read ? <th key={choice.label}>{choice.label}</th> : null))}
              </tr>
            </thead>
            <tbody>
              {examples.map((text, index) => (
                <tr key={index}>
                  <td className="mono" dir="auto">
                    {text}
                  </td>
                  {choices.map((choice) => (choice.read ? <td key={choice.label}>{choice.read(text) ?? "not readable"}</td> : null))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      ) : null}
    </fieldset>
  );
}

/** Puts the values first that the choices read differently, since 02/02/2026 would help nobody to decide. */
function telling(examples: string[], choices: Choice[]): string[] {
  const readings = (text: string) => new Set(choices.flatMap((choice) => (choice.read ? [choice.read(text)] : []))).size;
  return examples.toSorted((one, other) => readings(other) - readings(one));
}

export const WORDS: Record<QuestionView["kind"], string> = {
  date_order: "in which order are day, month and year?",
  decimal_mark: "is the decimal mark a point or a comma?",
  currency: "which currency are they in?",
};

function choicesOf(question: QuestionView): Choice[] {
  if (question.kind === "date_order") {
    const orders = question.choices.length > 0 ? (question.choices as Order[]) : (Object.keys(ORDERS) as Order[]);
    const column = question.column ?? "";
    return [
      ...orders.map((order) => ({ label: ORDERS[order], part: { date: column, order }, read: (text: string) => readDate(text, order) })),
      { label: "It is not a date", part: { date: "", order: null } },
    ];
  }
  if (question.kind === "decimal_mark") {
    const read = (mark: Mark) => (text: string) => readAmount(text, mark);
    return [
      { label: "point", part: { decimal: "." }, read: read(".") },
      { label: "comma", part: { decimal: "," }, read: read(",") },
    ];
  }
  return [
    ...CURRENCIES.map((code) => ({ label: code, part: { currency: `=${code}` } })),
    { label: "No currency", part: { currency: NO_CURRENCY } },
  ];
}
