import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, redirect } from "@tanstack/react-router";
import { Members } from "./project/Members";
import { Projects } from "./project/Projects";
import { Project } from "./project/Project";
import { Fault } from "./shell/parts";
import { Shell } from "./shell/Shell";

/** Reads a word of the address that must be one of a list; anything else is as if it were absent. */
function oneOf<const Words extends readonly string[]>(words: Words, value: unknown): Words[number] | undefined {
  return words.find((word) => word === value);
}

function text(value: unknown): string | undefined {
  // The router reads `?q=12` as a number; what people typed is text.
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : undefined;
}

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotFound,
  errorComponent: ({ error, reset }) => (
    <main className="page narrow">
      <Fault problem={error instanceof Error ? error : new Error(String(error))} retry={reset} />
    </main>
  ),
});

function NotFound() {
  return (
    <main className="page narrow">
      <h1>Not found</h1>
      <p>There is no such page, or it is not yours to see.</p>
      <p>
        <Link to="/">All projects</Link>
      </p>
    </main>
  );
}

const projects = createRoute({ getParentRoute: () => root, path: "/", component: Projects });
const me = createRoute({ getParentRoute: () => root, path: "/me", component: lazyRouteComponent(() => import("./auth/Me"), "Me") });
const project = createRoute({ getParentRoute: () => root, path: "/projects/$project", component: Project });
const start = createRoute({
  getParentRoute: () => project,
  path: "/",
  beforeLoad: ({ params }) => {
    throw redirect({ to: "/projects/$project/jobs", params, replace: true });
  },
});
const jobs = createRoute({ getParentRoute: () => project, path: "jobs", component: lazyRouteComponent(() => import("./job/Jobs"), "Jobs") });

export interface JobSearch {
  view?: "matches" | "left" | "right";
  status?: "suggested" | "confirmed" | "rejected" | "superseded";
  pass?: string;
  sort?: string;
  cursor?: string;
  /** The match that is opened beside the list. */
  m?: string;
}
const job = createRoute({
  getParentRoute: () => project,
  path: "jobs/$job",
  validateSearch: (found: Record<string, unknown>): JobSearch => ({
    view: oneOf(["matches", "left", "right"], found["view"]),
    status: oneOf(["suggested", "confirmed", "rejected", "superseded"], found["status"]),
    pass: text(found["pass"]),
    sort: text(found["sort"]),
    cursor: text(found["cursor"]),
    m: text(found["m"]),
  }),
  component: lazyRouteComponent(() => import("./job/Job"), "Job"),
});
const sources = createRoute({
  getParentRoute: () => project,
  path: "sources",
  component: lazyRouteComponent(() => import("./source/Sources"), "Sources"),
});

export interface SourceSearch {
  tab?: "profile" | "mapping" | "records" | "rejects";
  cursor?: string;
}
const source = createRoute({
  getParentRoute: () => project,
  path: "sources/$source",
  validateSearch: (found: Record<string, unknown>): SourceSearch => ({
    tab: oneOf(["profile", "mapping", "records", "rejects"], found["tab"]),
    cursor: text(found["cursor"]),
  }),
  component: lazyRouteComponent(() => import("./source/Source"), "Source"),
});
const vaults = createRoute({ getParentRoute: () => project, path: "vaults", component: lazyRouteComponent(() => import("./vault/Vaults"), "Vaults") });

export interface VaultSearch {
  tab?: "entries" | "members";
  q?: string;
  state?: "ok" | "due_soon" | "due" | "expired";
  trashed?: boolean;
  cursor?: string;
  /** The entry that is opened beside the list. */
  e?: string;
}
const vault = createRoute({
  getParentRoute: () => project,
  path: "vaults/$vault",
  validateSearch: (found: Record<string, unknown>): VaultSearch => ({
    tab: oneOf(["entries", "members"], found["tab"]),
    q: text(found["q"]),
    state: oneOf(["ok", "due_soon", "due", "expired"], found["state"]),
    trashed: found["trashed"] === true ? true : undefined,
    cursor: text(found["cursor"]),
    e: text(found["e"]),
  }),
  component: lazyRouteComponent(() => import("./vault/Vault"), "Vault"),
});
const members = createRoute({ getParentRoute: () => project, path: "members", component: Members });

export const router = createRouter({
  routeTree: root.addChildren([projects, me, project.addChildren([start, jobs, job, sources, source, vaults, vault, members])]),
  defaultPreload: "intent",
  defaultNotFoundComponent: NotFound,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
