/** Which imports the dashboard may have. `npm run check` fails on all others. */
export default {
  forbidden: [
    {
      name: "no-circle",
      comment: "Files in a circle cannot be read, tested or loaded one at a time. An import of a type counts too.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-dead-file",
      comment: "Nothing that the dashboard loads leads to this file.",
      severity: "error",
      from: { path: "^src/main\\.tsx$" },
      to: { path: "^src/", pathNot: "^src/reference/", reachable: false },
    },
    {
      name: "no-dead-file-of-the-reference",
      comment: "Nothing that the page at /docs loads leads to this file.",
      severity: "error",
      from: { path: "^src/reference/main\\.ts$" },
      to: { path: "^src/reference/", pathNot: "\\.d\\.ts$", reachable: false },
    },
    {
      name: "reference-apart",
      comment: "The dashboard must not load the page at /docs, with its 1.5 MB.",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/reference/" },
      to: { path: "^src/reference/|node_modules/swagger-ui-dist/" },
    },
    {
      name: "no-way-up",
      comment: "Screens import these folders. These folders do not import screens.",
      severity: "error",
      from: { path: "^src/(api|live|shell)/", pathNot: "^src/shell/Shell\\.tsx$" },
      to: { path: "^src/", pathNot: "^src/(api|live|shell)/" },
    },
    {
      name: "only-what-is-shipped",
      comment: "The page may use only packages that package.json lists under `dependencies`.",
      severity: "error",
      from: { path: "^src/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown", "core"] },
    },
    {
      name: "no-builder",
      comment: "These packages build the page. They are no part of it.",
      severity: "error",
      from: { path: "^src/" },
      to: { path: "node_modules/(vite|@vitejs)/" },
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere would be left out of all other rules.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "types", "default"] },
  },
};
