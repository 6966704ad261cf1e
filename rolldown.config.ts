/**
 * Bundles the program for the package: `npm run build` makes `dist/`, which runs from
 * `node_modules` on Node 22 and newer. Libraries are inside, with their licences beside them; only the
 * embedded database stays a package of its own, because it reads files that lie next to it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig, type Plugin } from "rolldown";

const LICENCE = /^(?:licen[cs]e|copying|notice)/i;

interface Library {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/** The package to which a file belongs; null: it is ours, or the bundler's own. */
function packageOf(file: string): string | null {
  if (!file.includes("/node_modules/")) return null;
  for (let folder = dirname(file); folder.includes("/node_modules/"); folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (!existsSync(manifest)) continue;
    // Some have further ones that only tell how their files are to be read.
    if ("version" in (JSON.parse(readFileSync(manifest, "utf8")) as object)) return folder;
  }
  return null;
}

function licenceText(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, "package.json"), "utf8"),
  ) as Library;
  const texts = readdirSync(folder)
    .filter((file) => LICENCE.test(file))
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version}: ${license ?? "see below"}`, ...texts].join("\n\n");
}

/** The licences of all that is inside, as a file of the bundle. */
function licences(): Plugin {
  return {
    name: "licences",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((one) =>
        one.type === "chunk" ? one.moduleIds : [],
      );
      const folders = new Set(files.map(packageOf).filter((folder) => folder !== null));
      const source = [...folders]
        .toSorted()
        .map(licenceText)
        .join(`\n\n${"-".repeat(80)}\n\n`);
      this.emitFile({ type: "asset", fileName: "licences.txt", source: `${source}\n` });
    },
  };
}

export default defineConfig({
  input: { main: "src/main.ts" },
  platform: "node",
  transform: { target: "node22" },
  external: ["@electric-sql/pglite", /^@electric-sql\/pglite\//, "pg-native"],
  plugins: [licences()],
  output: {
    dir: "dist",
    cleanDir: true,
    format: "esm",
    sourcemap: true,
    entryFileNames: "[name].js",
    chunkFileNames: "chunks/[name].js",
    // Names of classes are told to people.
    keepNames: true,
  },
});
