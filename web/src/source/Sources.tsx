import { Button } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { upload } from "../api/client";
import { FORMATS } from "../api/formats";
import type { Page_SourceView_, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useHeld, useRead } from "../live/react";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { bytes, count, instant } from "../shell/format";
import { Bar, Empty, Fault, Reading, Status, useTitle } from "../shell/parts";

interface Sending {
  id: number;
  name: string;
  size: number;
  share: number;
  problem: Error | null;
}

/** The files of a project. They are dropped here, read by the workers, and are then ready to be reconciled. */
export function Sources() {
  const { project } = useParams({ from: "/projects/$project" });
  const client = useQueryClient();
  const sources = useRead<Page_SourceView_>(keys.sources(project), `/projects/${project}/sources?limit=100`, `project:${project}`);
  const [sending, setSending] = useState<Sending[]>([]);
  const mayLoad = can(useProject(project).data?.body.my_role, "source.load");
  useTitle("Sources");

  async function send(files: FileList | null) {
    // A copy, because the browser empties the list when the field is cleared.
    for (const file of [...(files ?? [])]) {
      const id = Date.now() + Math.random();
      const patch = (part: Partial<Sending>) => setSending((all) => all.map((one) => (one.id === id ? { ...one, ...part } : one)));
      setSending((all) => [...all, { id, name: file.name, size: file.size, share: 0, problem: null }]);
      try {
        await upload<SourceView>(`/projects/${project}/sources`, file, file.name.replace(/\.[^.]+$/, "") || file.name, (share) =>
          patch({ share }),
        );
        await client.invalidateQueries({ queryKey: keys.sources(project) });
        setSending((all) => all.filter((one) => one.id !== id));
      } catch (problem) {
        patch({ problem: problem as Error });
      }
    }
  }

  return (
    <main className="page">
      <h1>Sources</h1>
      {mayLoad ? <Drop onFiles={(files) => void send(files)} /> : null}
      {sending.map((one) => (
        <section key={one.id} className="card stack" aria-label={`Upload of ${one.name}`}>
          <div className="row">
            <strong dir="auto">{one.name}</strong>
            <span className="muted">{bytes(one.size)}</span>
            <span className="spacer" />
            {one.problem ? (
              <Button size="compact-sm" variant="default" onClick={() => setSending((all) => all.filter((other) => other.id !== one.id))}>
                Dismiss
              </Button>
            ) : (
              <span className="number">{Math.floor(one.share * 100)}%</span>
            )}
          </div>
          {one.problem ? <Fault problem={one.problem} /> : <Bar share={one.share} label={`Uploading ${one.name}`} />}
        </section>
      ))}
      <Reading query={sources}>
        {({ body }) =>
          body.items.length === 0 ? (
            <Empty title="No sources yet">
              {mayLoad
                ? "Drop the two files that you want to reconcile, such as a ledger and its bank statement."
                : "Only analysts of this project can load files."}
            </Empty>
          ) : (
            <div className="scroll">
              <table className="grid">
                <thead>
                  <tr>
                    <th>Name</th>
                    <th>File</th>
                    <th>Status</th>
                    <th className="number">Rows</th>
                    <th className="number">Rejected</th>
                    <th>Loaded</th>
                  </tr>
                </thead>
                <tbody>
                  {body.items.map((source) => (
                    <Row key={source.id} source={source} />
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Reading>
    </main>
  );
}

function Row({ source }: { source: SourceView }) {
  const loading = useHeld(keys.loading(source.id));
  const isLive = loading !== undefined && (source.status === "pending" || source.status === "loading");
  return (
    <tr>
      <td className="cut" dir="auto">
        <Link to="/projects/$project/sources/$source" params={{ project: source.project_id, source: source.id }}>
          {source.name}
        </Link>
      </td>
      <td className="muted">
        {source.filename ?? "–"} {source.size_bytes ? `· ${bytes(source.size_bytes)}` : ""}{" "}
        {source.duplicate_of ? "· same file as another source" : ""}
      </td>
      <td>
        <Status of={source.status} />
      </td>
      <td className="number">{count(isLive ? loading.rows : source.rows.loaded)}</td>
      <td className="number">{count(isLive ? loading.rejected : source.rows.rejected)}</td>
      <td className="muted">{instant(source.created_at)}</td>
    </tr>
  );
}

function Drop({ onFiles }: { onFiles: (files: FileList | null) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  return (
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions -- only a pointer can drop; the button does the same
    <div
      className={isOver ? "drop over" : "drop"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles(event.dataTransfer.files);
      }}
    >
      <p>Drop {new Intl.ListFormat("en-GB", { type: "disjunction" }).format(FORMATS.map((format) => format.title))} files here</p>
      <div className="row" style={{ justifyContent: "center", marginTop: 8 }}>
        <ChangeButton variant="default" leftSection={<IconUpload size={16} />} onClick={() => input.current?.click()}>
          Choose files
        </ChangeButton>
      </div>
      <input
        ref={input}
        type="file"
        multiple
        className="visually-hidden"
        aria-label="Files to upload"
        tabIndex={-1}
        onChange={(event) => {
          onFiles(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}
