import { Button, Checkbox, NativeSelect, TextInput } from "@mantine/core";
import { useId, useState } from "react";
import type { AnswerView, Mapping, QuestionView, SourceView } from "../api/rest";
import { count, money } from "../shell/format";
import { Reading } from "../shell/parts";
import { currencyOf, isSame, reading, skipped, skipping, subject, WORDS } from "./answers";
import { useProfile } from "./useProfile";

interface Props {
  source: SourceView;
  question: QuestionView;
  given: Mapping | undefined;
  give: (piece: Mapping | null) => void;
}

/** A question about the file, as a card: a button for each answer, with how that answer reads some rows of the file. */
export function Question(props: Props) {
  const { question } = props;
  return (
    <fieldset className="notice question">
      <legend>
        <strong dir="auto">{subject(question)}</strong>: {WORDS[question.kind]}
        {question.blocking ? null : <span className="tag">can wait</span>}
      </legend>
      {question.kind === "skip" ? <Skip {...props} /> : <Answers {...props} />}
      {question.kind === "currency" ? <Code {...props} /> : null}
      {question.kind === "amount_column" && question.choices.length === 0 ? <AnyColumn {...props} /> : null}
    </fieldset>
  );
}

function Answers({ question, given, give }: Props) {
  const answers = question.answers ?? [];
  return (
    <div className={answers.some((answer) => isShown(question, answer)) ? "answers" : "row"}>
      {answers.map((answer) => (
        <Choice
          key={answer.label}
          question={question}
          answer={answer}
          isChosen={isSame(given, answer.mapping)}
          choose={() => give(answer.mapping)}
        />
      ))}
    </div>
  );
}

/** Whether the rows under an answer help to decide. A currency or a missing column reads every row alike. */
function isShown(question: QuestionView, answer: AnswerView): boolean {
  return answer.rows.length > 0 && answer.value !== null && question.kind !== "currency";
}

function Choice({
  question,
  answer,
  isChosen,
  choose,
}: {
  question: QuestionView;
  answer: AnswerView;
  isChosen: boolean;
  choose: () => void;
}) {
  const id = useId();
  const hasRows = isShown(question, answer);
  return (
    <div className="answer">
      <Button
        size="compact-md"
        variant={isChosen ? "filled" : "default"}
        aria-pressed={isChosen}
        aria-describedby={hasRows ? id : undefined}
        onClick={choose}
      >
        <bdi>{answer.label}</bdi>
      </Button>
      {hasRows ? <Rows id={id} question={question} answer={answer} /> : null}
    </div>
  );
}

function Rows({ id, question, answer }: { id: string; question: QuestionView; answer: AnswerView }) {
  return (
    <table className="grid readings" id={id}>
      <thead>
        <tr>
          <th className="number">Row</th>
          <th>In the file</th>
          <th className="number">Read as</th>
        </tr>
      </thead>
      <tbody>
        {answer.rows.map((row) => (
          <tr key={row.row}>
            <td className="number muted">{count(row.row + 1)}</td>
            <td className="mono" dir="auto">
              {row.text}
            </td>
            <td className="number">{reading(question.kind, row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** Any currency, for those that are not among the buttons. */
function Code({ question, given, give }: Props) {
  const [text, setText] = useState("");
  const isOffered = (question.answers ?? []).some((answer) => isSame(given, answer.mapping));
  return (
    <TextInput
      label="or another currency"
      description="three letters, such as SEK"
      size="xs"
      w={220}
      maxLength={3}
      value={isOffered ? "" : text}
      error={text !== "" && !isOffered && text.length === 3 && currencyOf(text) === null ? "Three letters, such as SEK." : undefined}
      onChange={({ currentTarget: { value } }) => {
        setText(value);
        give(currencyOf(value));
      }}
    />
  );
}

/** The states of rows: any number of them can be left out, or none. */
function Skip({ source, question, given, give }: Props) {
  const [values, setValues] = useState(() => skipped(question, source.mapping));
  const choose = (now: string[]) => {
    setValues(now);
    give(skipping(question, now));
  };
  return (
    <>
      <ul className="lines">
        {(question.answers ?? []).map((answer) => (
          <li key={answer.value}>
            <Checkbox
              label={<States answer={answer} />}
              checked={values.includes(answer.value ?? "")}
              onChange={({ currentTarget: { checked } }) =>
                choose(checked ? [...values, answer.value ?? ""] : values.filter((value) => value !== answer.value))
              }
            />
          </li>
        ))}
      </ul>
      <Button
        size="compact-md"
        variant={given ? "filled" : "default"}
        aria-pressed={given !== undefined}
        onClick={() => give(skipping(question, values))}
      >
        {values.length > 0 ? "Leave out what is ticked" : "Count all rows"}
      </Button>
    </>
  );
}

function States({ answer }: { answer: AnswerView }) {
  const sums = (answer.sums ?? []).map((sum) => money(sum)).join(", ");
  return (
    <>
      <bdi>{answer.label}</bdi>{" "}
      <span className="muted">
        {answer.count == null ? "" : `in ${count(answer.count)} of ${count(answer.of ?? 0)} rows`}
        {sums ? `, together ${sums}` : ""}
      </span>
    </>
  );
}

/** For a file in which no column looks like an amount: all of its columns. */
function AnyColumn({ source, give }: Props) {
  return (
    <Reading query={useProfile(source)} height={50}>
      {({ body }) => (
        <NativeSelect
          label="The column of the amount"
          w={220}
          data={[{ value: "", label: "choose …" }, ...body.columns.map((column) => column.name)]}
          onChange={({ currentTarget: { value } }) => give(value ? { amount: { column: value } } : null)}
        />
      )}
    </Reading>
  );
}
