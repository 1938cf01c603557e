import { Button, Checkbox, NativeSelect } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { Problem } from "../api/problem";
import type { Counts, DownloadCreate, DownloadView } from "../api/rest";
import { ChangeButton } from "../shell/ChangeButton";
import { Dialog } from "../shell/Dialog";
import { bytes } from "../shell/format";
import { Fault } from "../shell/parts";
import { download } from "./download";
import { choicesOf, FORMATS, foundOf, pathOf, whatOf } from "./export";
import type { PairSearch } from "./search";

const STEP_BYTES = 100_000; // between two numbers on the screen

interface Props {
  project: string;
  search: PairSearch;
  counts: Counts;
  say: (words: string) => void;
}

/** How much of a file has come. */
interface Running {
  bytes: number;
  stop: () => void;
}

/** Offers what is on the screen as a file, and says what has become of the download. */
export function Export({ project, search, counts, say }: Props) {
  const [isOpen, setOpen] = useState(false);
  const [running, setRunning] = useState<Running | null>(null);
  const begin = async (url: string, what: string) => {
    let shown = 0;
    const { size, stop } = download(url, (bytes) => {
      if (bytes - shown < STEP_BYTES) return;
      shown = bytes;
      setRunning({ bytes, stop });
    });
    setRunning({ bytes: 0, stop });
    say(`The download has begun: ${what}.`);
    const [outcome] = await Promise.allSettled([size]);
    setRunning(null);
    if (outcome.status === "fulfilled") say(`Downloaded: ${what}, ${bytes(outcome.value)}.`);
    else if (outcome.reason instanceof Problem) say(`Not downloaded: ${what}. ${outcome.reason.message}`);
    else say(`You stopped the download of ${what}.`);
  };
  return (
    <>
      <Button size="compact-sm" variant="default" leftSection={<IconDownload size={14} />} onClick={() => setOpen(true)}>
        Export …
      </Button>
      {running ? (
        <>
          <span className="muted small number">{bytes(running.bytes)} have come</span>
          <Button size="compact-sm" variant="subtle" onClick={running.stop}>
            Stop
          </Button>
        </>
      ) : null}
      {isOpen ? <Ask {...{ project, search, counts }} close={() => setOpen(false)} begin={(url, what) => void begin(url, what)} /> : null}
    </>
  );
}

interface AskProps extends Omit<Props, "say"> {
  close: () => void;
  begin: (url: string, what: string) => void;
}

/** Asks what is wanted and as what. */
function Ask({ project, search, counts, close, begin }: AskProps) {
  const choices = choicesOf(counts);
  const [what, setWhat] = useState(() => whatOf(search));
  const [isFound, setFound] = useState(true);
  const [format, setFormat] = useState<string>(FORMATS[0].value);
  const make = useMutation({
    // A link works once, so a new one is made for each download.
    mutationFn: (body: DownloadCreate) => change<DownloadView>("POST", "/downloads", { body }),
    onSuccess: ({ url }) => {
      const name = choices.find((one) => one.value === what)?.label.replace(/ · .*/, "") ?? "";
      const kind = FORMATS.find((one) => one.value === format)?.label.replace(/,.*/, "") ?? "";
      begin(url, `${name.toLowerCase()}, as ${kind}`);
      close();
    },
  });
  const found = foundOf(search, what);
  const fault = make.error instanceof Problem ? make.error.fault("/path") : undefined;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    make.mutate({ path: pathOf(project, search, what, format, isFound) });
  };
  return (
    <Dialog close={close} title="Export">
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
        <p>The file has a row for each record, with all columns of its source, as everything stands when the download begins.</p>
        {found ? (
          <Checkbox label={`Only what ${found}`} checked={isFound} onChange={(event) => setFound(event.currentTarget.checked)} />
        ) : null}
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
    </Dialog>
  );
}
