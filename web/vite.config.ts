import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [react()],
  build: {
    // Everything stays a file, because the content security policy allows neither inline scripts nor fonts in data: URLs.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Two pages: the dashboard, and the reference at /docs. Swagger UI is one file of 1.5 MB, which only the second loads.
    rolldownOptions: { input: { index: "index.html", reference: "docs/index.html" } },
    chunkSizeWarningLimit: 2000,
    target: "es2022",
  },
  server: {
    proxy: {
      "^/(api/|openapi.json|docs/style.css)": "http://127.0.0.1:2000",
      "/socket.io": { target: "http://127.0.0.1:2000", ws: true },
    },
  },
});
