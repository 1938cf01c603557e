import { Button } from "@mantine/core";
import { IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import { count } from "./format";

interface Page {
  items: unknown[];
  next_cursor: string | null;
  prev_cursor: string | null;
  total?: number | null;
  total_at_least?: number | null;
  looked_at?: number | null;
}

function total(page: Page): string {
  // A search that has stopped, because it has looked at many.
  if (page.looked_at != null) return `${count(page.items.length)} found among ${count(page.looked_at)}`;
  return page.total != null ? count(page.total) : `more than ${count(page.total_at_least ?? 0)}`;
}

interface Props {
  page: Page;
  noun: readonly [one: string, many: string];
  go: (cursor: string | undefined, by: 1 | -1) => void;
  /** How many come before this page, if that is known. */
  skip?: number;
}

/** Pages by cursor: the server knows the order, the address knows the page. */
export function Pager({ page, noun, go, skip }: Props) {
  const isPart = skip !== undefined && page.looked_at == null && page.items.length > 0 && page.items.length !== page.total;
  return (
    <div className="pager">
      <span className="muted">
        {isPart ? `${count(skip + 1)}–${count(skip + page.items.length)} of ` : ""}
        {total(page)} {noun[page.total === 1 ? 0 : 1]}
      </span>
      {page.prev_cursor || page.next_cursor ? (
        <>
          <Button
            size="compact-sm"
            variant="default"
            disabled={!page.prev_cursor}
            onClick={() => go(page.prev_cursor ?? undefined, -1)}
            leftSection={<IconChevronLeft size={14} />}
          >
            Previous
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            disabled={!page.next_cursor}
            onClick={() => go(page.next_cursor ?? undefined, 1)}
            rightSection={<IconChevronRight size={14} />}
          >
            Next
          </Button>
        </>
      ) : null}
    </div>
  );
}
