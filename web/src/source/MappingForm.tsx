import { NativeSelect } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change, type Answer } from "../api/client";
import type { ColumnView, Mapping, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault, Reading } from "../shell/parts";
import { changes, draftOf, NO_CURRENCY, open, type Draft, type Mark, type Order } from "./mapping";
import { useProfile } from "./useProfile";

const CURRENCIES = ["=EUR", "=USD", "=GBP", "=CHF", "=JPY"];
const ORDERS = [
  { value: "ymd", label: "year, month, day" },
  { value: "dmy", label: "day, month, year" },
  { value: "mdy", label: "month, day, year" },
  { value: "ydm", label: "year, day, month" },
];
const MARKS = [
  { value: ".", label: "point: 1,234.56" },
  { value: ",", label: "comma: 1.234,56" },
];
const CHOOSE = { value: "", label: "choose …" };

/** Says what the columns mean. It is also how answers are changed; the raw rows stay as they were loaded. */
export function MappingForm({ source }: { source: SourceView }) {
  // What was chosen here stays until the mapping or the questions change: a new name, for one, is no reason to begin again.
  const subject = JSON.stringify([source.mapping, source.questions]);
  return (
    <Reading query={useProfile(source)}>
      {({ body }) => <Form key={subject} source={source} columns={body.columns} suggested={body.suggested_mapping} />}
    </Reading>
  );
}

function Form({ source, columns, suggested }: { source: SourceView; columns: ColumnView[]; suggested: Mapping }) {
  const client = useQueryClient();
  const mayChange = can(useProject(source.project_id).data?.body.my_role, "source.load");
  const [start] = useState(() => draftOf(source, columns, suggested));
  const [draft, setDraft] = useState(start);
  const choose = (part: Partial<Draft>) => setDraft((old) => ({ ...old, ...part }));
  const waiting = open(draft, source.questions);
  const save = useMutation({
    mutationFn: () =>
      change<SourceView>("PATCH", `/sources/${source.id}`, {
        body: { mapping: changes(draft, start, source, suggested) },
        version: source.version,
      }),
    // The server types the rows again, so the source is loading from now on.
    onSuccess: (now) => client.setQueryData<Answer<SourceView>>(keys.source(source.id), (old) => old && { ...old, body: now }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.source(source.id) }),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (waiting.length === 0) save.mutate();
  };
  return (
    <form className="form" onSubmit={submit}>
      {save.error ? <Fault problem={save.error} /> : null}
      <fieldset className="plain form" disabled={!mayChange} aria-label="Mapping">
        <Fields draft={draft} columns={columns} choose={choose} />
      </fieldset>
      {mayChange ? (
        <div className="row">
          <ChangeButton type="submit" loading={save.isPending} disabled={waiting.length > 0}>
            Save mapping
          </ChangeButton>
          {waiting.length > 0 ? <span className="muted">First answer: {waiting.map((kind) => OPEN[kind]).join(", ")}.</span> : null}
        </div>
      ) : (
        <p className="muted">Your role does not allow you to change the mapping.</p>
      )}
    </form>
  );
}

const OPEN = { date_order: "the order of the date", decimal_mark: "the decimal mark", currency: "the currency" } as const;

function Fields({ draft, columns, choose }: { draft: Draft; columns: ColumnView[]; choose: (part: Partial<Draft>) => void }) {
  const options = [{ value: "", label: "–" }, ...columns.map((column) => ({ value: column.name, label: column.name }))];
  const all = CURRENCIES.map((code) => ({ value: code, label: `all rows: ${code.slice(1)}` }));
  const other =
    draft.currency?.startsWith("=") && ![...CURRENCIES, NO_CURRENCY].includes(draft.currency)
      ? [{ value: draft.currency, label: `all rows: ${draft.currency.slice(1)}` }]
      : [];
  const currencies = [
    ...(draft.currency === null ? [CHOOSE, ...options.slice(1)] : options),
    { value: NO_CURRENCY, label: "no currency" },
    ...all,
    ...other,
  ];
  const of = (name: string) => columns.find((column) => column.name === name);
  return (
    <>
      <div className="filters">
        <NativeSelect
          label="Amount"
          data={options}
          value={draft.amount}
          disabled={Boolean(draft.debit && draft.credit)}
          onChange={({ currentTarget: { value } }) => choose({ amount: value, decimal: of(value)?.decimal ?? draft.decimal })}
        />
        <NativeSelect
          label="or debit"
          data={options}
          value={draft.debit}
          onChange={(event) => choose({ debit: event.currentTarget.value })}
        />
        <NativeSelect
          label="and credit"
          data={options}
          value={draft.credit}
          onChange={(event) => choose({ credit: event.currentTarget.value })}
        />
        <NativeSelect
          label="Decimal mark"
          data={draft.decimal === null ? [CHOOSE, ...MARKS] : MARKS}
          value={draft.decimal ?? ""}
          onChange={(event) => choose({ decimal: (event.currentTarget.value || null) as Mark | null })}
        />
        <NativeSelect
          label="Currency"
          data={currencies}
          value={draft.currency ?? ""}
          onChange={(event) => choose({ currency: event.currentTarget.value })}
        />
      </div>
      <div className="filters">
        <NativeSelect
          label="Date"
          data={options}
          value={draft.date}
          // Each column has its own order; that of the previous column says nothing about it.
          onChange={({ currentTarget: { value } }) => choose({ date: value, order: of(value)?.date_order ?? null })}
        />
        <NativeSelect
          label="Order of the date"
          data={draft.order === null ? [CHOOSE, ...ORDERS] : ORDERS}
          value={draft.order ?? ""}
          onChange={(event) => choose({ order: (event.currentTarget.value || null) as Order | null })}
        />
        <NativeSelect
          label="Reference"
          data={options}
          value={draft.reference}
          onChange={(event) => choose({ reference: event.currentTarget.value })}
        />
      </div>
    </>
  );
}
