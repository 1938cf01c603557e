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

/**
 * Which rows of a list these are, or null if they are all of it or that is not known. `skip` is how many came before them
 * when the page was opened; since then the list may have become shorter, by decisions too.
 */
export function rangeOf(page: Page, skip: number): { first: number; last: number } | null {
  const { items, total } = page;
  if (page.looked_at != null || items.length === 0 || items.length === total) return null;
  const isEnd = total != null && page.next_cursor === null && skip > 0;
  const last = isEnd ? total : skip + items.length;
  const first = last - items.length + 1;
  return first < 1 || (total != null && last > total) ? null : { first, last };
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
  const range = skip === undefined ? null : rangeOf(page, skip);
  return (
    <div className="pager">
      <span className="muted">
        {range ? `${count(range.first)}–${count(range.last)} of ` : ""}
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
