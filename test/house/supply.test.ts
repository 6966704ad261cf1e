/** What is installed is what was looked at, and nothing of it runs while it is installed. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

interface Locked {
  readonly version: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
}

const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
type Manifest = Readonly<
  Partial<
    Record<"dependencies" | "devDependencies" | "optionalDependencies", Record<string, string>>
  >
>;
const manifests = ["package.json", "bin/node/package.json"].map(
  (file) => JSON.parse(readFileSync(file, "utf8")) as Manifest,
);
/** What is our own: the project, and the part of it that brings a Node. */
const OWN = ["", "bin/node", "node_modules/rollcall-node"];
const installed = Object.entries(lock.packages).filter(([place]) => !OWN.includes(place));

test("every package of the lock file has a checksum, and no address", () => {
  expect(installed.length).toBeGreaterThan(100);
  for (const [place, one] of installed) {
    expect(one.integrity, place).toMatch(/^sha512-[A-Za-z0-9+/]{86}==$/);
    expect(one.resolved, place).toBeUndefined();
    expect(one.link, place).toBeUndefined();
  }
});

test("what is asked for is one version, also of the Node that is brought along", () => {
  const asked = manifests.flatMap(({ dependencies, devDependencies, optionalDependencies }) =>
    Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies }),
  );
  expect(asked.length).toBeGreaterThan(30);
  for (const [name, version] of asked) {
    expect(version, name).toMatch(/^\d+\.\d+\.\d+$/);
    expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
  }
});

test("no package runs a script of its own while it is installed", () => {
  expect(readFileSync(".npmrc", "utf8")).toMatch(/^ignore-scripts=true$/m);
  expect(readFileSync("Dockerfile", "utf8")).toMatch(/npm ci --ignore-scripts/);
});
