import js from "@eslint/js";
import jsxA11y from "eslint-plugin-jsx-a11y";
import reactHooks from "eslint-plugin-react-hooks";
import { defineConfig, globalIgnores } from "eslint/config";
import globals from "globals";
import tseslint from "typescript-eslint";

/** The elements that our components render, for the rules about elements. */
const components = { ActionIcon: "button", Button: "button", ChangeButton: "button", NativeSelect: "select", TextInput: "input" };

// `overrides` in package.json: jsx-a11y 6.10 works with ESLint 10, but its list of versions ends with 9.
export default defineConfig(
  // The generated files contain only types; `make events` decides how they look.
  globalIgnores(["dist", "src/api/rest.ts", "src/api/live.ts"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  { files: ["public/*.js"], languageOptions: { sourceType: "script", globals: globals.browser } },
  {
    files: ["**/*.{ts,tsx}"],
    extends: [
      tseslint.configs.strictTypeChecked,
      tseslint.configs.stylisticTypeChecked,
      reactHooks.configs.flat["recommended-latest"],
      jsxA11y.flatConfigs.strict,
    ],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: { "jsx-a11y": { components } },
    rules: {
      // `onClick={() => close()}` is what every handler looks like: braces would only make it longer.
      "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }],
      // A parameter that exists only for its type begins with an underscore.
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      // A number may be put into a text as it is; everything else is formatted first.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
    },
  },
);
