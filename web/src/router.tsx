import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, redirect } from "@tanstack/react-router";
import { jobSearch } from "./job/search";
import { pairSearch } from "./pair/search";
import { Members } from "./project/Members";
import { Projects } from "./project/Projects";
import { Project } from "./project/Project";
import { Fault } from "./shell/parts";
import { Shell } from "./shell/Shell";
import { sourceSearch } from "./source/search";
import { vaultSearch } from "./vault/search";

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
    redirect({ to: "/projects/$project/jobs", params, replace: true, throw: true });
  },
});
const jobs = createRoute({
  getParentRoute: () => project,
  path: "jobs",
  component: lazyRouteComponent(() => import("./job/Jobs"), "Jobs"),
});
const job = createRoute({
  getParentRoute: () => project,
  path: "jobs/$job",
  validateSearch: jobSearch,
  component: lazyRouteComponent(() => import("./job/Job"), "Job"),
});
const review = createRoute({
  getParentRoute: () => project,
  path: "review",
  validateSearch: pairSearch,
  component: lazyRouteComponent(() => import("./pair/Pair"), "Pair"),
});
const sources = createRoute({
  getParentRoute: () => project,
  path: "sources",
  component: lazyRouteComponent(() => import("./source/Sources"), "Sources"),
});
const source = createRoute({
  getParentRoute: () => project,
  path: "sources/$source",
  validateSearch: sourceSearch,
  component: lazyRouteComponent(() => import("./source/Source"), "Source"),
});
const vaults = createRoute({
  getParentRoute: () => project,
  path: "vaults",
  component: lazyRouteComponent(() => import("./vault/Vaults"), "Vaults"),
});
const vault = createRoute({
  getParentRoute: () => project,
  path: "vaults/$vault",
  validateSearch: vaultSearch,
  component: lazyRouteComponent(() => import("./vault/Vault"), "Vault"),
});
const members = createRoute({ getParentRoute: () => project, path: "members", component: Members });
const settings = createRoute({
  getParentRoute: () => project,
  path: "settings",
  component: lazyRouteComponent(() => import("./project/Settings"), "Settings"),
});

export const router = createRouter({
  routeTree: root.addChildren([
    projects,
    me,
    project.addChildren([start, jobs, job, review, sources, source, vaults, vault, members, settings]),
  ]),
  defaultPreload: "intent",
  defaultNotFoundComponent: NotFound,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
