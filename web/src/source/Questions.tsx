import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change, type Answer } from "../api/client";
import type { Mapping, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault } from "../shell/parts";
import { keyOf, merged, missing, waiting, type Given } from "./answers";
import { Preview } from "./Preview";
import { Question } from "./Question";

/** The questions of a source as cards. Saving sends all answers at once, and the server reads the file again. */
export function Questions({ source }: { source: SourceView }) {
  // What was chosen stays when somebody else renames the source.
  return <Cards key={JSON.stringify([source.mapping, source.questions])} source={source} />;
}

function Cards({ source }: { source: SourceView }) {
  const client = useQueryClient();
  const [given, setGiven] = useState<Given>({});
  const open = waiting(source.questions, given);
  const isEmpty = Object.keys(given).length === 0;
  const save = useMutation({
    mutationFn: () =>
      change<SourceView>("PATCH", `/sources/${source.id}`, {
        body: { mapping: merged(source.questions, given) },
        version: source.version,
      }),
    onSuccess: (now) => {
      // The cards are about to disappear, and the focus with them.
      document.querySelector<HTMLElement>("main h1")?.focus();
      client.setQueryData<Answer<SourceView>>(keys.source(source.id), (old) => old && { ...old, body: now });
    },
    onSettled: () => client.invalidateQueries({ queryKey: keys.source(source.id) }),
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (open.length === 0 && !isEmpty) save.mutate();
  };
  return (
    <form className="form" onSubmit={submit} aria-label="Questions about this file">
      {source.questions.map((question) => (
        <Question
          key={keyOf(question)}
          source={source}
          question={question}
          given={given[keyOf(question)]}
          give={(piece: Mapping | null) => setGiven((old) => withAnswer(old, keyOf(question), piece))}
        />
      ))}
      {save.error ? <Fault problem={save.error} /> : null}
      <div className="row">
        <ChangeButton type="submit" loading={save.isPending} disabled={open.length > 0 || isEmpty}>
          {source.questions.length === 1 ? "Save answer" : "Save answers"}
        </ChangeButton>
        <span className="muted" role="status">
          {missing(open)}
        </span>
      </div>
      <Preview source={source} />
    </form>
  );
}

function withAnswer(given: Given, key: string, piece: Mapping | null): Given {
  if (piece !== null) return { ...given, [key]: piece };
  return Object.fromEntries(Object.entries(given).filter(([name]) => name !== key));
}
