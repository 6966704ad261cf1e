import { defineConfig } from "oxlint";
import { folderRules } from "./test/house/folders.ts";

/** The rules of the whole house; what each folder may import stands in `test/house/folders.ts`. */
export default defineConfig({
  plugins: ["typescript", "import", "unicorn", "oxc", "promise", "vitest"],
  categories: { correctness: "error", suspicious: "error" },
  env: { node: true },
  ignorePatterns: ["node_modules", "data", "test/fixtures", "console/built"],
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    "import/no-default-export": "error",
    "typescript/no-explicit-any": "error",
    "typescript/no-non-null-assertion": "error",
    "typescript/await-thenable": "error",
    "typescript/no-floating-promises": "error",
    "typescript/no-misused-promises": "error",
    "typescript/switch-exhaustiveness-check": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-unnecessary-condition": "off",
    "typescript/no-unsafe-type-assertion": "off",
    "max-params": ["error", { max: 4 }],
    "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
    complexity: ["error", { max: 15, variant: "modified" }],
    eqeqeq: ["error", "smart"],
    "no-await-in-loop": "off",
    "no-underscore-dangle": "off",
    "no-shadow": "off",
    "no-control-regex": "off",
    "unicorn/no-array-sort": "off",
    "unicorn/consistent-function-scoping": "off",
    "unicorn/require-post-message-target-origin": "off",
    "import/no-unassigned-import": "off",
    "import/no-named-as-default-member": "off",
    "require-yield": "off",
    "typescript/consistent-return": "off",
    "no-new": "off",
    "unicorn/no-thenable": "off",
  },
  overrides: [
    {
      files: ["**/test/**", "**/*.test.ts", "**/config/demo/**"],
      rules: {
        "max-lines-per-function": "off",
        "vitest/no-conditional-expect": "off",
        "vitest/no-standalone-expect": "off",
        "vitest/expect-expect": ["error", { assertFunctionNames: ["expect*"] }],
        "vitest/valid-expect": ["error", { maxArgs: 2 }],
        "typescript/no-unsafe-type-assertion": "off",
      },
    },
    {
      files: ["console/**"],
      plugins: ["typescript", "import", "unicorn", "oxc", "promise", "react", "jsx-a11y"],
      env: { browser: true },
      rules: {
        // Preact needs neither React in scope nor its compiler.
        "react/react-in-jsx-scope": "off",
        "react/immutability": "off",
        // Whoever has no mouse scrolls a wide table by its focus.
        "jsx-a11y/no-noninteractive-tabindex": "off",
        // It does not know that a summary is labelled by its text; axe does.
        "jsx-a11y/control-has-associated-label": "off",
        // A client of the API knows what it is told, and nothing of how that is made.
        "typescript/no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                group: ["**/src/**"],
                allowTypeImports: true,
                message: "console/ imports types of the API only",
              },
            ],
          },
        ],
      },
    },
    { files: ["**/*.config.ts"], rules: { "import/no-default-export": "off" } },
    ...folderRules(),
  ],
});
