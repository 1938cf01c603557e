import { Problem, problemOf } from "../api/problem";

const SAVED_MS = 60_000; // in which the browser has copied a file that it was given

export interface Download {
  /** Its size once all of it has come. Rejects with the server's refusal, or with what has cut it off. */
  size: Promise<number>;
  stop: () => void;
}

/**
 * Fetches a file and saves it, where the page can tell a refusal, or a part of a file, from the whole. The browser keeps
 * what has come outside the page's memory, on disk if it is large.
 */
export function download(url: string, progress: (bytes: number) => void): Download {
  const stopped = new AbortController();
  return { size: save(url, progress, stopped.signal), stop: () => stopped.abort() };
}

async function save(url: string, progress: (bytes: number) => void, signal: AbortSignal): Promise<number> {
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  window.addEventListener("beforeunload", ask);
  try {
    const response = await fetch(url, { signal }).catch((error: unknown) => {
      throw signal.aborted ? error : Problem.offline();
    });
    if (!response.ok || response.body === null) throw await problemOf(response);
    let bytes = 0;
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(piece, out) {
          bytes += piece.length;
          progress(bytes);
          out.enqueue(piece);
        },
      }),
    );
    const type = response.headers.get("Content-Type") ?? "";
    const file = await new Response(counted, { headers: { "Content-Type": type } }).blob().catch((error: unknown) => {
      throw signal.aborted ? error : endedEarly();
    });
    keep(file, nameIn(response.headers.get("Content-Disposition")));
    return file.size;
  } finally {
    window.removeEventListener("beforeunload", ask);
  }
}

function endedEarly(): Problem {
  const detail = "The connection ended before all of the file had come, so nothing was saved. Export it again.";
  return new Problem(0, "incomplete", "The download ended early", detail, null);
}

/** The name of a file as the server gives it. */
export function nameIn(disposition: string | null): string {
  return /filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? "export";
}

function keep(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_MS);
}
