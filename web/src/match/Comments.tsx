import { Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { newKey } from "../api/key";
import { Problem } from "../api/problem";
import type { CommentCreate, CommentView, Page_CommentView_ } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { instant } from "../shell/format";
import { Fault } from "../shell/parts";
import { personOf } from "./history";

/** What people have said about a match, oldest first, and a field for more. */
export function Comments({ match, project, say }: { match: string; project: string; say: (words: string) => void }) {
  const comments = useRead<Page_CommentView_>(keys.comments(match), `/matches/${match}/comments?limit=100`, null);
  const mayComment = can(useProject(project).data?.body.my_role, "match.decide");
  const items = comments.data?.body.items ?? [];
  return (
    <section className="stack" aria-label="Comments">
      {comments.error ? <Fault problem={comments.error} retry={() => void comments.refetch()} /> : null}
      {items.length === 0 ? null : (
        <ul className="lines" aria-label="Comments">
          {items.map((comment) => (
            <li key={comment.id} dir="auto" className="break">
              <span className="muted small">
                {personOf(comment.author_name)} · {instant(comment.at)}
              </span>
              <br />
              <span className="said">{comment.text}</span>
            </li>
          ))}
        </ul>
      )}
      {mayComment ? <Write match={match} say={say} /> : null}
    </section>
  );
}

function Write({ match, say }: { match: string; say: (words: string) => void }) {
  const client = useQueryClient();
  const [text, setText] = useState("");
  const [key, setKey] = useState(newKey);
  const write = useMutation({
    mutationFn: (body: CommentCreate) => change<CommentView>("POST", `/matches/${match}/comments`, { body, key }),
    onSuccess: async () => {
      setText("");
      setKey(newKey());
      say("Your comment was added.");
      await client.invalidateQueries({ queryKey: keys.comments(match) });
    },
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (text.trim()) write.mutate({ text: text.trim() });
  };
  const fault = write.error instanceof Problem ? write.error.fault("/text") : undefined;
  return (
    <form className="lines" onSubmit={submit}>
      <Textarea
        label="Comment"
        rows={2}
        maxLength={10_000}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setKey(newKey());
        }}
        error={fault}
      />
      {write.error && fault === undefined ? <Fault problem={write.error} /> : null}
      <ChangeButton type="submit" size="compact-sm" variant="default" disabled={!text.trim()} loading={write.isPending}>
        Add comment
      </ChangeButton>
    </form>
  );
}
