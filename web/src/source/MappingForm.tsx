import { NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type FormEvent } from "react";
import { change, type Answer } from "../api/client";
import type { ColumnView, Mapping, SourceView } from "../api/rest";
import { keys } from "../live/effects";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault, Reading } from "../shell/parts";
import { QUESTIONS, useProfile } from "./Source";

/** What the columns mean. Saving it answers the source's questions; the raw rows stay as they were loaded. */
export function MappingForm({ source }: { source: SourceView }) {
  return (
    <Reading query={useProfile(source)}>
      {({ body }) => <Form key={source.version} source={source} columns={body.columns} suggested={body.suggested_mapping} />}
    </Reading>
  );
}

function Form({ source, columns, suggested }: { source: SourceView; columns: ColumnView[]; suggested: Mapping }) {
  const client = useQueryClient();
  const start = Object.keys(source.mapping).length > 0 ? source.mapping : suggested;
  // A mapping that came with the file may name columns that it does not have.
  const known = (name: string | null | undefined) => (name && columns.some((column) => column.name === name) ? name : "");
  const [amount, setAmount] = useState(known(start.amount?.column));
  const [debit, setDebit] = useState(known(start.amount?.debit));
  const [credit, setCredit] = useState(known(start.amount?.credit));
  const [decimal, setDecimal] = useState<string>(start.amount?.decimal ?? ".");
  const [currency, setCurrency] = useState(known(start.currency?.column) || (start.currency?.value ? `=${start.currency.value}` : ""));
  const [date, setDate] = useState(known(start.date?.column));
  const [order, setOrder] = useState<string>(start.date?.order ?? "dmy");
  const [reference, setReference] = useState(known(start.reference?.column));
  const save = useMutation({
    mutationFn: () => {
      // What is left out would stay as it was: null says that no column is meant.
      const mapping: Mapping = { amount: null, currency: null, date: null, reference: null };
      const mark = { decimal: decimal as "." | ",", ...(start.amount?.negate ? { negate: true } : {}) };
      if (debit && credit) mapping.amount = { debit, credit, ...mark };
      else if (amount) mapping.amount = { column: amount, ...mark };
      if (currency.startsWith("=")) mapping.currency = { value: currency.slice(1) };
      else if (currency) mapping.currency = { column: currency };
      if (date) mapping.date = { column: date, order: order as "ymd" | "dmy" | "mdy" };
      if (reference) mapping.reference = { column: reference };
      return change<SourceView>("PATCH", `/sources/${source.id}`, { body: { mapping }, version: source.version });
    },
    // Its rows are read anew: it is loading from this moment on.
    onSuccess: (now) => client.setQueryData<Answer<SourceView>>(keys.source(source.id), (old) => old && { ...old, body: now }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.source(source.id) }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  const options = [{ value: "", label: "–" }, ...columns.map((column) => ({ value: column.name, label: column.name }))];
  const currencies = [
    ...options,
    ...["EUR", "USD", "GBP", "CHF", "JPY"].map((code) => ({ value: `=${code}`, label: `all rows: ${code}` })),
    ...(currency.startsWith("=") && !["=EUR", "=USD", "=GBP", "=CHF", "=JPY"].includes(currency) ? [{ value: currency, label: `all rows: ${currency.slice(1)}` }] : []),
  ];
  return (
    <form className="form" onSubmit={submit}>
      {source.questions.map((question) => (
        <div key={`${question.column}/${question.kind}`} className="notice">
          <p>
            <strong dir="auto">{question.column ?? "Amounts"}</strong>: {QUESTIONS[question.kind]}{" "}
            {question.examples.length > 0 ? <span className="mono muted">{question.examples.join(" · ")}</span> : null}
          </p>
        </div>
      ))}
      {save.error ? <Fault problem={save.error} /> : null}
      <div className="filters">
        <NativeSelect label="Amount" data={options} value={amount} onChange={(event) => setAmount(event.currentTarget.value)} disabled={Boolean(debit && credit)} />
        <NativeSelect label="or debit" data={options} value={debit} onChange={(event) => setDebit(event.currentTarget.value)} />
        <NativeSelect label="and credit" data={options} value={credit} onChange={(event) => setCredit(event.currentTarget.value)} />
        <NativeSelect
          label="Decimal mark"
          data={[
            { value: ".", label: "point: 1,234.56" },
            { value: ",", label: "comma: 1.234,56" },
          ]}
          value={decimal}
          onChange={(event) => setDecimal(event.currentTarget.value)}
        />
        <NativeSelect label="Currency" data={currencies} value={currency} onChange={(event) => setCurrency(event.currentTarget.value)} />
      </div>
      <div className="filters">
        <NativeSelect label="Date" data={options} value={date} onChange={(event) => setDate(event.currentTarget.value)} />
        <NativeSelect
          label="Order of the date"
          data={[
            { value: "ymd", label: "year, month, day" },
            { value: "dmy", label: "day, month, year" },
            { value: "mdy", label: "month, day, year" },
          ]}
          value={order}
          onChange={(event) => setOrder(event.currentTarget.value)}
        />
        <NativeSelect label="Reference" data={options} value={reference} onChange={(event) => setReference(event.currentTarget.value)} />
      </div>
      <ChangeButton type="submit" loading={save.isPending}>
        Save mapping
      </ChangeButton>
    </form>
  );
}
