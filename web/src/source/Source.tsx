import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { change, type Answer } from "../api/client";
import type { SourceProgress } from "../api/live";
import type { SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useHeld, useRead } from "../live/react";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { bytes, count } from "../shell/format";
import { Fault, Figure, Reading, Status, useTitle } from "../shell/parts";
import { subject, WORDS } from "./answers";
import { describe, notesOf } from "./detection";
import { LeftOut } from "./LeftOut";
import { MappingForm } from "./MappingForm";
import { Profile } from "./Profile";
import { Questions } from "./Questions";
import { Records } from "./Records";
import { Rejects } from "./Rejects";
import { TABS } from "./search";

/** One source: what its columns contain and mean, its open questions, its records, and the rows that are none. */
export function Source() {
  const { project, source: id } = useParams({ from: "/projects/$project/sources/$source" });
  const { tab = "profile" } = useSearch({ from: "/projects/$project/sources/$source" });
  const source = useRead<SourceView>(keys.source(id), `/sources/${id}`, `project:${project}`);
  const loading = useHeld(keys.loading(id));
  const role = useProject(project).data?.body.my_role;
  useTitle(source.data?.body.name);
  return (
    <main className="page">
      <Reading query={source}>
        {({ body }) => {
          const rows = counted(body, loading);
          const asks = body.questions.length > 0 && can(role, "source.load");
          return (
            <>
              <div className="title">
                <h1 dir="auto" tabIndex={-1}>
                  {body.name}
                </h1>
                <Status of={body.status} />
                <span className="muted">
                  {body.filename} {body.size_bytes ? `· ${bytes(body.size_bytes)}` : ""} · {describe(body.detection)}
                </span>
                <span className="spacer" />
                {can(role, "source.load") ? <Remove source={body} /> : null}
              </div>
              <dl className="figures">
                <Figure label="Rows read">{count(rows.read)}</Figure>
                <Figure label="Loaded">{count(rows.loaded)}</Figure>
                <Figure label="Rejected">{count(rows.rejected)}</Figure>
                <Figure label="Left out">{count(rows.left_out)}</Figure>
              </dl>
              {notesOf(body.detection).map((note) => (
                <p key={note} className="muted" dir="auto">
                  {note}
                </p>
              ))}
              {body.remembered && can(role, "source.load") ? <Forget source={body} /> : null}
              {body.problem ? (
                <div className="notice fault" role="alert">
                  <div>
                    <p>
                      <strong>{String(body.problem["title"])}</strong>
                    </p>
                    <p>{String(body.problem["detail"])}</p>
                  </div>
                </div>
              ) : null}
              {body.questions.length > 0 && !asks ? (
                <p className="notice">
                  {body.questions.map((question) => `${subject(question)}: ${WORDS[question.kind]}`).join(" ")} An analyst of this project
                  can answer.
                </p>
              ) : null}
              {asks && (body.status === "needs_mapping" || tab === "mapping") ? <Questions source={body} /> : null}
              {asks && body.status !== "needs_mapping" && tab !== "mapping" ? (
                <p className="notice">
                  {body.questions.map((question) => `${subject(question)}: ${WORDS[question.kind]}`).join(" ")}{" "}
                  <Link to="." search={{ tab: "mapping" }}>
                    Answer
                  </Link>
                </p>
              ) : null}
              <nav className="tabs" aria-label="Parts of the source">
                {TABS.map((name) => (
                  <Link key={name} to="." search={{ tab: name }} aria-current={name === tab ? "page" : undefined}>
                    {LABELS[name]}
                  </Link>
                ))}
              </nav>
              {tab === "profile" ? <Profile source={body} /> : null}
              {tab === "mapping" ? <MappingForm source={body} /> : null}
              {tab === "records" ? <Records source={body} /> : null}
              {tab === "rejects" ? <Rejects source={body} /> : null}
              {tab === "left-out" ? <LeftOut source={body} /> : null}
            </>
          );
        }}
      </Reading>
    </main>
  );
}

/** Answers about an earlier file were used for this one. What was said there may be wrong here. */
function Forget({ source }: { source: SourceView }) {
  const client = useQueryClient();
  const forget = useMutation({
    mutationFn: () => change<SourceView>("PATCH", `/sources/${source.id}`, { body: { forget: true }, version: source.version }),
    onSuccess: (now) => client.setQueryData<Answer<SourceView>>(keys.source(source.id), (old) => old && { ...old, body: now }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.source(source.id) }),
  });
  return (
    <div className="row">
      {forget.error ? <Fault problem={forget.error} /> : null}
      <ChangeButton
        size="compact-sm"
        variant="default"
        loading={forget.isPending}
        disabled={source.status === "loading"}
        title="This file is read again and asks its questions. The next files with the same columns ask as well."
        onClick={() => forget.mutate()}
      >
        Forget these answers
      </ChangeButton>
    </div>
  );
}

const LABELS: Record<(typeof TABS)[number], string> = {
  profile: "Profile",
  mapping: "Mapping",
  records: "Records",
  rejects: "Rejects",
  "left-out": "Left out",
};

/** The rows so far, while the file is being read, else the rows that were read. */
function counted(source: SourceView, loading: SourceProgress | undefined): SourceView["rows"] {
  if (source.status !== "loading" || !loading) return source.rows;
  const { rows: loaded, rejected, left_out } = loading;
  return { read: loaded + rejected + left_out, loaded, rejected, left_out };
}

function Remove({ source }: { source: SourceView }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => change("DELETE", `/sources/${source.id}`, { version: source.version }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: keys.sources(source.project_id) });
      await navigate({ to: "/projects/$project/sources", params: { project: source.project_id } });
    },
  });
  return (
    <>
      {remove.error ? <Fault problem={remove.error} /> : null}
      <ChangeButton
        size="compact-sm"
        variant="default"
        loading={remove.isPending}
        onClick={() => window.confirm(`Delete “${source.name}” with its ${count(source.rows.loaded)} records?`) && remove.mutate()}
      >
        Delete
      </ChangeButton>
    </>
  );
}
