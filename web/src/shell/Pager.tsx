import { Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { count } from "./format";

interface Page {
  items: unknown[];
  next_cursor: string | null;
  prev_cursor: string | null;
  total?: number | null;
  total_at_least?: number | null;
}

function total(page: Page): string {
  return page.total != null ? count(page.total) : `more than ${count(page.total_at_least ?? 0)}`;
}

/** Pages by cursor: the server knows the order, the address knows the page. */
export function Pager({
  page,
  noun,
  go,
}: {
  page: Page;
  noun: readonly [one: string, many: string];
  go: (cursor: string | undefined) => void;
}) {
  return (
    <div className="pager">
      <span className="muted">
        {total(page)} {noun[page.total === 1 ? 0 : 1]}
      </span>
      {page.prev_cursor || page.next_cursor ? (
        <>
          <Button
            size="compact-sm"
            variant="default"
            disabled={!page.prev_cursor}
            onClick={() => go(page.prev_cursor ?? undefined)}
            leftSection={<IconChevronLeft size={14} />}
          >
            Previous
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={!page.next_cursor}
            onClick={() => go(page.next_cursor ?? undefined)}
            rightSection={<IconChevronRight size={14} />}
          >
            Next
          </Button>
        </>
      ) : null}
    </div>
  );
}
