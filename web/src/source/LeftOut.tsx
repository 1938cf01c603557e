import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { change, type Answer } from "../api/client";
import type { LeftOutView, Mapping, Page_LeftOutView_, SourceView } from "../api/rest";
import { keys } from "../live/keys";
import { useRead } from "../live/react";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { count } from "../shell/format";
import { Empty, Fault, Reading, Wide } from "../shell/parts";
import { Pager } from "../shell/Pager";
import { MOST_TAKEN_IN, REASONS, reasonsOf, takingIn } from "./leftOut";
import { useCursor } from "./useCursor";

/** The rows that are no bookings, such as totals. Each of them can be counted after all. */
export function LeftOut({ source }: { source: SourceView }) {
  const { cursor, go } = useCursor();
  const { reason } = useSearch({ from: "/projects/$project/sources/$source" });
  const query = new URLSearchParams({ limit: "50", ...(reason ? { reason } : {}), ...(cursor ? { cursor } : {}) });
  const rows = useRead<Page_LeftOutView_>(
    [...keys.source(source.id), "left-out", reason ?? null, cursor ?? null, source.revision],
    `/sources/${source.id}/left-out?${query.toString()}`,
    null,
  );
  if (source.rows.left_out === 0) {
    return <Empty title="Nothing was left out">Every row of the file is a record or a reject.</Empty>;
  }
  return (
    <>
      <Reasons source={source} chosen={reason} />
      <Reading query={rows}>
        {({ body }) => (
          <>
            <Listed source={source} rows={body.items} />
            <Pager page={body} noun={["row", "rows"]} go={go} />
          </>
        )}
      </Reading>
    </>
  );
}

function Reasons({ source, chosen }: { source: SourceView; chosen: string | undefined }) {
  const navigate = useNavigate();
  const go = (reason: string | undefined) => void navigate({ to: ".", search: { tab: "left-out", reason } });
  return (
    <div className="row" role="group" aria-label="Reason">
      <Button size="compact-sm" variant={chosen ? "default" : "filled"} aria-pressed={!chosen} onClick={() => go(undefined)}>
        All {count(source.rows.left_out)}
      </Button>
      {reasonsOf(source).map(({ reason, rows }) => (
        <Button
          key={reason}
          size="compact-sm"
          variant={chosen === reason ? "filled" : "default"}
          aria-pressed={chosen === reason}
          onClick={() => go(reason)}
        >
          {REASONS[reason] ?? reason} {count(rows)}
        </Button>
      ))}
    </div>
  );
}

function Listed({ source, rows }: { source: SourceView; rows: LeftOutView[] }) {
  const client = useQueryClient();
  const mayChange = can(useProject(source.project_id).data?.body.my_role, "source.load");
  const take = useMutation({
    mutationFn: (mapping: Mapping) => change<SourceView>("PATCH", `/sources/${source.id}`, { body: { mapping }, version: source.version }),
    // The server reads the file again, so the source is loading from now on.
    onSuccess: (now) => client.setQueryData<Answer<SourceView>>(keys.source(source.id), (old) => old && { ...old, body: now }),
    onSettled: () => client.invalidateQueries({ queryKey: keys.source(source.id) }),
  });
  const isBusy = take.isPending || source.status === "loading";
  return (
    <>
      {take.error ? <Fault problem={take.error} /> : null}
      {mayChange && source.mapping.skip?.some((spec) => spec.values.length > 0) ? (
        <ChangeButton size="compact-sm" variant="default" disabled={isBusy} onClick={() => take.mutate({ skip: [] })}>
          Count all rows that are not booked
        </ChangeButton>
      ) : null}
      <Wide label="Rows that were left out">
        <table className="grid">
          <thead>
            <tr>
              <th className="number">Line</th>
              <th>What it says</th>
              <th>Reason</th>
              {mayChange ? <th>Change</th> : null}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => {
              const taking = takingIn(source.mapping, row.line);
              return (
                <tr key={`${row.line}/${row.reason}`}>
                  <td className="number">{count(row.line)}</td>
                  <td className="wrap" dir="auto">
                    {said(row)}
                  </td>
                  <td className="wrap">{row.detail}</td>
                  {mayChange ? (
                    <td>
                      <ChangeButton
                        size="compact-sm"
                        variant="default"
                        disabled={isBusy || taking === null}
                        title={taking === null ? `At most ${count(MOST_TAKEN_IN)} rows can be counted one by one.` : undefined}
                        aria-label={`Count the row on line ${row.line}`}
                        onClick={() => taking && take.mutate(taking)}
                      >
                        Count this row
                      </ChangeButton>
                    </td>
                  ) : null}
                </tr>
              );
            })}
          </tbody>
        </table>
      </Wide>
    </>
  );
}

function said(row: LeftOutView): string {
  const cells = Object.values(row.data ?? {}).filter((cell) => cell?.trim());
  return cells.join(" · ") || "–";
}
