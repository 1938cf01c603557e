import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { change } from "../api/client";
import type { SourceProgress } from "../api/live";
import type { Page_RecordView_, Page_RejectView_, ProfileView, SourceView } from "../api/rest";
import { keys } from "../live/effects";
import { useHeld, useRead } from "../live/react";
import { can } from "../project/rights";
import { useProject } from "../project/Project";
import { ChangeButton } from "../shell/ChangeButton";
import { bytes, count, money } from "../shell/format";
import { Empty, Fault, Figure, Reading, Status, useTitle } from "../shell/parts";
import { Pager } from "../shell/Pager";
import { MappingForm } from "./MappingForm";
import { WORDS } from "./Question";

const TABS = ["profile", "mapping", "records", "rejects"] as const;
export type Tab = (typeof TABS)[number];
export function isTab(value: unknown): value is Tab {
  return TABS.includes(value as Tab);
}

/** One source: what its columns hold, what they mean, its records, and the rows that were refused. */
export function Source() {
  const { project, source: id } = useParams({ from: "/projects/$project/sources/$source" });
  const { tab = "profile" } = useSearch({ from: "/projects/$project/sources/$source" });
  const source = useRead<SourceView>(keys.source(id), `/sources/${id}`, `project:${project}`);
  const loading = useHeld<SourceProgress>(keys.loading(id));
  const role = useProject(project).data?.body.my_role;
  useTitle(source.data?.body.name);
  return (
    <main className="page">
      <Reading query={source}>
        {({ body }) => (
          <>
            <div className="title">
              <h1 dir="auto">{body.name}</h1>
              <Status of={body.status} />
              <span className="muted">
                {body.filename} {body.size_bytes ? `· ${bytes(body.size_bytes)}` : ""} · {describe(body.detection)}
              </span>
              <span className="spacer" />
              {can(role, "source.load") ? <Remove source={body} /> : null}
            </div>
            <dl className="figures">
              <Figure label="Rows read">{count(body.status === "loading" && loading ? loading.rows + loading.rejected : body.rows.read)}</Figure>
              <Figure label="Loaded">{count(body.status === "loading" && loading ? loading.rows : body.rows.loaded)}</Figure>
              <Figure label="Rejected">{count(body.status === "loading" && loading ? loading.rejected : body.rows.rejected)}</Figure>
            </dl>
            {notesOf(body.detection).map((note) => (
              <p key={note} className="muted" dir="auto">
                {note}
              </p>
            ))}
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
            {body.questions.length > 0 && tab !== "mapping" ? (
              <div className="notice">
                <p>
                  {body.questions.map((question) => `${question.column ?? "The amounts"}: ${WORDS[question.kind]}`).join(" · ")}{" "}
                  <Link to="." search={{ tab: "mapping" }}>
                    Answer
                  </Link>
                </p>
              </div>
            ) : null}
            <nav className="tabs" aria-label="Parts of the source">
              {TABS.map((name) => (
                <Link key={name} to="." search={{ tab: name }} aria-current={name === tab ? "page" : undefined}>
                  {name[0]?.toUpperCase() + name.slice(1)}
                </Link>
              ))}
            </nav>
            {tab === "profile" ? <Profile source={body} /> : null}
            {tab === "mapping" ? <MappingForm source={body} /> : null}
            {tab === "records" ? <Records source={body} /> : null}
            {tab === "rejects" ? <Rejects source={body} /> : null}
          </>
        )}
      </Reading>
    </main>
  );
}

function describe(detection: Record<string, unknown>): string {
  const parts = [detection["format"], detection["encoding"], detection["delimiter"] ? `delimiter “${String(detection["delimiter"])}”` : null];
  return parts.filter(Boolean).join(" · ");
}

/** What reading the file showed beside its rows: lines that were skipped, sheets that were not read. */
function notesOf(detection: Record<string, unknown>): string[] {
  const notes = detection["notes"];
  return Array.isArray(notes) ? [...new Set(notes.map(String))] : [];
}

export function useProfile(source: SourceView) {
  return useRead<ProfileView>([...keys.source(source.id), "profile", source.version], `/sources/${source.id}/profile`, null);
}

function Profile({ source }: { source: SourceView }) {
  return (
    <Reading query={useProfile(source)}>
      {({ body }) =>
        body.columns.length === 0 ? (
          <Empty title="No columns yet">They are listed as soon as the file has been read.</Empty>
        ) : (
          <div className="scroll">
            <table className="grid">
              <thead>
                <tr>
                  <th>Column</th>
                  <th>Type</th>
                  <th className="number">Filled</th>
                  <th className="number">Distinct</th>
                  <th>Least</th>
                  <th>Greatest</th>
                  <th>Examples</th>
                </tr>
              </thead>
              <tbody>
                {body.columns.map((column) => (
                  <tr key={column.name}>
                    <td className="cut" dir="auto">
                      <strong>{column.name}</strong>
                    </td>
                    <td>
                      {column.type}
                      {column.date_order ? ` (${column.date_order})` : ""}
                      {column.decimal ? ` (decimal ${column.decimal})` : ""}
                    </td>
                    <td className="number">{Math.round(column.fill * 1000) / 10}%</td>
                    <td className="number">{`${column.is_distinct_estimated ? "about " : ""}${count(column.distinct)}`}</td>
                    <td className="cut mono">{column.min ?? "–"}</td>
                    <td className="cut mono">{column.max ?? "–"}</td>
                    <td className="cut muted" dir="auto">
                      {column.examples.join(" · ")}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )
      }
    </Reading>
  );
}


function useCursor() {
  const navigate = useNavigate();
  const { cursor } = useSearch({ from: "/projects/$project/sources/$source" });
  const go = (next: string | undefined) => void navigate({ to: ".", search: (old: Record<string, unknown>) => ({ ...old, cursor: next }) });
  return { cursor, go };
}

function Records({ source }: { source: SourceView }) {
  const { cursor, go } = useCursor();
  const query = new URLSearchParams({ limit: "50", ...(cursor ? { cursor } : {}) });
  const records = useRead<Page_RecordView_>([...keys.source(source.id), "records", cursor ?? null], `/sources/${source.id}/records?${query.toString()}`, null);
  return (
    <Reading query={records}>
      {({ body }) => {
        const names = [...new Set(body.items.flatMap((row) => Object.keys(row.data)))];
        return body.items.length === 0 ? (
          <Empty title="No records">{source.status === "ready" ? "The source is empty." : "They appear when the source is loaded."}</Empty>
        ) : (
          <>
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    <th className="number">
                      <abbr title="Of the data: 1 is the first row below the head. Rejects name the line of the file instead.">Row</abbr>
                    </th>
                    <th className="number">Amount</th>
                    <th>Date</th>
                    <th>State</th>
                    {names.map((name) => (
                      <th key={name} dir="auto">
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {body.items.map((record) => (
                    <tr key={record.id}>
                      <td className="number muted">{record.row + 1}</td>
                      <td className="number">{money(record.amount)}</td>
                      <td className="mono">{record.date ?? "–"}</td>
                      <td>
                        <Status of={record.state} />
                      </td>
                      {names.map((name) => (
                        <td key={name} className="cut" dir="auto">
                          {record.data[name] ?? ""}
                        </td>
                      ))}
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Pager page={body} noun={["record", "records"]} go={go} />
          </>
        );
      }}
    </Reading>
  );
}

function Rejects({ source }: { source: SourceView }) {
  const { cursor, go } = useCursor();
  const query = new URLSearchParams({ limit: "50", ...(cursor ? { cursor } : {}) });
  const rejects = useRead<Page_RejectView_>([...keys.source(source.id), "rejects", cursor ?? null], `/sources/${source.id}/rejects?${query.toString()}`, null);
  return (
    <Reading query={rejects}>
      {({ body }) =>
        body.items.length === 0 ? (
          <Empty title="Nothing was rejected">Every row of the file is a record.</Empty>
        ) : (
          <>
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    <th className="number">Row</th>
                    <th className="number">
                      <abbr title="As an editor counts: 1 is the first line of the file, which is often its head.">Line of the file</abbr>
                    </th>
                    <th>Column</th>
                    <th>Reason</th>
                    <th>Code</th>
                  </tr>
                </thead>
                <tbody>
                  {body.items.map((reject) => (
                    <tr key={`${reject.line}/${reject.column}/${reject.code}`}>
                      <td className="number">{reject.row === null ? "–" : reject.row + 1}</td>
                      <td className="number">{count(reject.line)}</td>
                      <td dir="auto">{reject.column ?? "–"}</td>
                      <td className="wrap">{reject.message}</td>
                      <td className="mono">{reject.code}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
            <Pager page={body} noun={["rejected row", "rejected rows"]} go={go} />
          </>
        )
      }
    </Reading>
  );
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
