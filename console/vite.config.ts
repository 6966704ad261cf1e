/** Builds the web console to files that `serve` gives to browsers: `npm run build:console`. */
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/console/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "built",
    // Their names stay; browsers ask each time whether they are still the same.
    emptyOutDir: false,
    rolldownOptions: {
      output: { entryFileNames: "console.js", assetFileNames: "console[extname]" },
    },
    target: "es2023",
    // Its preloading would make scripts out of texts, which the policy of the page refuses.
    modulePreload: false,
    assetsInlineLimit: 0,
    license: { fileName: "licences.md" },
  },
});
