import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    setupFiles: ["tests/browser.ts"],
    testTimeout: 20_000,
    isolate: false, // loading all modules again for each file took two thirds of the computing
  },
});
