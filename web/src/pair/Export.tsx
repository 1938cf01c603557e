import { Button, Modal, NativeSelect } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useRef, useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { Problem } from "../api/problem";
import type { Counts, DownloadCreate, DownloadView } from "../api/rest";
import { ChangeButton } from "../shell/ChangeButton";
import { Fault } from "../shell/parts";
import { choicesOf, FORMATS, pathOf, whatOf } from "./export";
import type { PairSearch } from "./search";

interface Props {
  project: string;
  search: PairSearch;
  counts: Counts;
  say: (words: string) => void;
}

/** Offers what is on the screen as a file. */
export function Export({ project, search, counts, say }: Props) {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  return (
    <>
      <Button ref={button} size="compact-sm" variant="default" leftSection={<IconDownload size={14} />} onClick={() => setOpen(true)}>
        Export …
      </Button>
      {isOpen ? <Ask {...{ project, search, counts, say, close }} /> : null}
    </>
  );
}

/** Asks what is wanted and as what. The browser does the rest, so that a large file never stands in the page's memory. */
function Ask({ project, search, counts, say, close }: Props & { close: () => void }) {
  const choices = choicesOf(counts);
  const [what, setWhat] = useState(() => whatOf(search));
  const [format, setFormat] = useState<string>(FORMATS[0].value);
  const make = useMutation({
    // A link works once, so a new one is made for each download.
    mutationFn: (body: DownloadCreate) => change<DownloadView>("POST", "/downloads", { body }),
    onSuccess: ({ url }) => {
      follow(url);
      const name = choices.find((one) => one.value === what)?.label.replace(/ · .*/, "") ?? "";
      say(
        `The download has begun: ${name.toLowerCase()}, as ${FORMATS.find((one) => one.value === format)?.label.replace(/,.*/, "") ?? ""}.`,
      );
      close();
    },
  });
  const fault = make.error instanceof Problem ? make.error.fault("/path") : undefined;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    make.mutate({ path: pathOf(project, search, what, format) });
  };
  return (
    <Modal opened onClose={close} title="Export">
      <form className="form" onSubmit={submit}>
        <NativeSelect
          label="What"
          data={choices}
          value={what}
          data-autofocus
          onChange={(event) => setWhat(event.currentTarget.value as typeof what)}
          error={fault}
        />
        <NativeSelect label="Format" data={[...FORMATS]} value={format} onChange={(event) => setFormat(event.currentTarget.value)} />
        <p>
          The file has a row for each record, with all columns of its source, as everything stands when the download begins.
          {search.q && search.view !== "open" ? (
            <>
              {" "}
              It is not limited to “<span dir="auto">{search.q}</span>”.
            </>
          ) : null}
        </p>
        {make.error && fault === undefined ? <Fault problem={make.error} /> : null}
        <div className="row">
          <ChangeButton type="submit" loading={make.isPending} leftSection={<IconDownload size={16} />}>
            Download
          </ChangeButton>
          <Button variant="default" onClick={close}>
            Cancel
          </Button>
        </div>
      </form>
    </Modal>
  );
}

/** Lets the browser download an address. A refusal is a failed download and does not replace the page. */
function follow(url: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = "";
  link.click();
}
