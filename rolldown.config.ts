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

function manifestOf(folder: string): Library {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Library;
}

/** What is inside, and what is installed beside it, as a list that others' programs read (CycloneDX 1.6). */
function billOfMaterials(folders: readonly string[]): string {
  const own = manifestOf(".");
  const components = folders.map(manifestOf).map(({ name, version, license }) => ({
    type: "library",
    "bom-ref": `pkg:npm/${encoded(name)}@${version}`,
    name,
    version,
    purl: `pkg:npm/${encoded(name)}@${version}`,
    ...(license === undefined ? {} : { licenses: [{ license: { name: license } }] }),
  }));
  const component = {
    type: "application",
    "bom-ref": "rollcall",
    name: own.name,
    version: own.version,
  };
  const bill = {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component },
    components,
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

/** As names stand in the addresses of packages. */
function encoded(name: string): string {
  return name.replace(/^@/, "%40");
}

/** What is installed beside the bundle. */
const BESIDE = ["node_modules/@electric-sql/pglite"];

/** The licences of all that is inside, and what it is, as files of the bundle. */
function contents(): Plugin {
  return {
    name: "contents",
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
      const bill = billOfMaterials([...folders, ...BESIDE].toSorted());
      this.emitFile({ type: "asset", fileName: "sbom.cdx.json", source: bill });
    },
  };
}

export default defineConfig({
  input: { main: "src/main.ts" },
  platform: "node",
  transform: { target: "node22" },
  external: ["@electric-sql/pglite", /^@electric-sql\/pglite\//, "pg-native"],
  plugins: [contents()],
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
