/**
 * What a directory in a file must pass, of whatever kind: one story of people who come, change, go
 * and return, in which after each step the store equals a second one that read the file for the first time.
 */
import { execFileSync } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Workplace, type ExportedUser, type RunDocument } from "../support/rollcall.ts";
import { storedContents } from "./conformance.ts";

interface Person {
  readonly id: string;
  readonly name: string;
  readonly title?: string;
  readonly kind?: string;
  readonly teams?: readonly string[];
  readonly left?: boolean;
}

interface Shown {
  readonly appUsers: readonly { readonly groups: readonly { readonly name: string }[] }[];
}

interface FileKind {
  /** Lines of the directory's configuration besides its path. */
  readonly settings: readonly string[];
  write(people: readonly Person[]): string;
  /** What becomes of an import of a file that ends within somebody's name. */
  readonly cut: "held" | "failed";
}

const LDIF: FileKind = {
  settings: [
    "type: ldif",
    'users: { id: employeeNumber, filter: "(kind=staff)", disabled: { attribute: left, values: ["yes"] } }',
    "groups: {}",
  ],
  cut: "held",
  write(people) {
    const dn = ({ id }: Person): string => `employeeNumber=${id}`;
    const entries = people.map(
      (one) =>
        `dn: ${dn(one)}\nobjectClass: person\nemployeeNumber: ${one.id}\nname: ${one.name}\nkind: ${one.kind ?? "staff"}\nleft: ${one.left === true ? "yes" : "no"}\n${one.title === undefined ? "" : `title: ${one.title}\n`}`,
    );
    const teams = [...new Set(people.flatMap((one) => one.teams ?? []))];
    const groups = teams.map((team) => {
      const members = people.filter((one) => one.teams?.includes(team) === true);
      return `dn: teams=${team}\nobjectClass: groupOfNames\ncn: ${team}\nentryUUID: teams=${team}\n${members.map((one) => `member: ${dn(one)}\n`).join("")}`;
    });
    return [...entries, ...groups].join("\n");
  },
};

const CSV: FileKind = {
  settings: [
    "type: csv",
    'users: { id: Employee Number, filter: "(kind=staff)", disabled: { attribute: left, values: ["yes"] } }',
    "groups: { column: teams }",
    'separator: "|"',
  ],
  // A quote is open.
  cut: "failed",
  write(people) {
    const rows = people.map((one) =>
      [
        one.id,
        `"${one.name.replaceAll('"', '""')}"`,
        one.kind ?? "staff",
        one.left === true ? "yes" : "no",
        one.title ?? "",
        (one.teams ?? []).join(" | "),
      ].join(";"),
    );
    return `Employee Number;name;kind;left;title;teams\r\n${rows.map((row) => `${row}\r\n`).join("")}`;
  },
};

let place: Workplace | null = null;
afterEach(() => place?.remove());

function configuration(kind: FileKind, path: string): string {
  const number = kind === CSV ? "Employee_Number" : "employeeNumber";
  return `importSafeguard: off
directories:
  hr:
    path: ${path}
${kind.settings.map((line) => `    ${line}\n`).join("")}    importSafeguard: { percent: 50, minimum: 5 }
    toOkta:
      login: 'appuser.${number} + "@example.org"'
      email: 'appuser.${number} + "@example.org"'
      firstName: appuser.name
      lastName: appuser.name
      title: appuser.title
`;
}

const ADA: Person = { id: "0001", name: 'Ada "A" Lovelace', title: "Countess", teams: ["Sales"] };
const others = (count: number): Person[] =>
  Array.from({ length: count }, (_, i) => ({ id: `1${i}`, name: `Person ${i}`, teams: ["All"] }));

describe.each([
  ["LDIF", LDIF],
  ["CSV", CSV],
])("a directory in a file: %s", (_, kind) => {
  async function story(): Promise<{
    readonly read: (people: readonly Person[]) => Promise<RunDocument>;
    readonly write: (text: string) => void;
  }> {
    place = await Workplace.create("postgres");
    const path = join(place.folder, "people.txt");
    const write = (text: string): void => {
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    };
    place.configure(configuration(kind, path));
    const read = async (people: readonly Person[]): Promise<RunDocument> => {
      write(kind.write(people));
      const run = await (place as Workplace).json<RunDocument>("import", "hr");
      const fresh = await Workplace.create("postgres");
      fresh.configure(configuration(kind, path));
      expect(await fresh.json<RunDocument>("import", "hr")).toMatchObject({ status: "done" });
      expect(await storedContents(place as Workplace)).toEqual(await storedContents(fresh));
      fresh.remove();
      return run;
    };
    return { read, write };
  }

  test("whoever comes, changes, goes and returns is told, and the store is what the file says", async () => {
    const { read } = await story();
    const crowd = others(9);
    expect((await read([ADA, ...crowd])).counts).toMatchObject({ created: 10, failed: 0 });
    expect((await read([ADA, ...crowd])).counts).toMatchObject({ unchanged: 10, updated: 0 });
    // The order says nothing.
    expect((await read([...crowd, ADA])).counts).toMatchObject({ unchanged: 10, updated: 0 });
    const ada = async (): Promise<ExportedUser | undefined> =>
      (await place?.users())?.get("0001@example.org");
    expect((await ada())?.profile).toMatchObject({ firstName: 'Ada "A" Lovelace' });
    const groups = async (): Promise<string[] | undefined> => {
      const shown = await place?.json<Shown>("users", "show", "0001@example.org");
      return shown?.appUsers[0]?.groups.map(({ name }) => name);
    };
    expect(await groups()).toEqual(["Sales"]);
    const { title: _gone, ...untitled } = ADA;
    expect((await read([untitled, ...crowd])).counts).toMatchObject({ updated: 1 });
    expect((await ada())?.profile["title"]).toBeUndefined();
    expect((await read(crowd)).counts).toMatchObject({ removed: 1 });
    expect((await read([{ ...ADA, left: true }, ...crowd])).counts).toMatchObject({ failed: 0 });
    expect((await ada())?.status).not.toBe("active");
    await read([{ ...ADA, teams: ["All"] }, ...crowd]);
    expect((await ada())?.status).toBe("active");
    expect(await groups()).toEqual(["All"]);
    expect((await read([{ ...ADA, kind: "guest" }, ...crowd])).counts).toMatchObject({
      removed: 1,
    });
    expect((await read([ADA, ...crowd])).counts).toMatchObject({ updated: 1, removed: 0 });
  });

  test("a file that was cut takes nothing from anybody", async () => {
    const { read, write } = await story();
    const crowd = others(8);
    await read([ADA, ...crowd]);
    const whole = kind.write([ADA, ...crowd]);
    write(whole.slice(0, whole.indexOf("Person 6")));
    const { status, out } = (await place?.run("import", "hr", "--json")) ?? { status: 0, out: "" };
    const run = JSON.parse(out) as RunDocument;
    expect(run.status).toBe(kind.cut);
    expect(status).toBe(kind.cut === "held" ? 3 : 1);
    const users = [...((await place?.users())?.values() ?? [])];
    expect(users.filter((user) => user.status === "active").length).toBe(9);
  });
});

test.each([
  ["#N/A", /Teams is #N\/A, which a spreadsheet writes/i],
  ["A\r\n2;Bo", /not known what stands where/],
  ['A\r\n;"Bo";staff;no;;B', /not known what stands where, or whose it is/],
])("where it cannot be told who is in which group, all groups stay: %j", async (teams, words) => {
  place = await Workplace.create("postgres");
  const path = place.file("hr.csv", CSV.write([ADA, ...others(3)]));
  place.configure(configuration(CSV, path));
  await place.run("import", "hr");
  const before = await storedContents(place);
  place.file("hr.csv", CSV.write([{ ...ADA, teams: [teams] }, ...others(3)]));
  const { status, out } = await place.run("import", "hr");
  expect(status).toBe(1);
  expect(out).toMatch(words);
  expect(await storedContents(place)).toEqual(before);
});

test("a pipe is refused at once", async () => {
  place = await Workplace.create("postgres");
  const path = join(place.folder, "pipe.csv");
  execFileSync("mkfifo", [path]);
  place.configure(configuration(CSV, path));
  const { status, out } = await place.run("import", "hr");
  expect(status).toBe(1);
  expect(out).toContain("it is no file");
});

test("a check of a CSV file says how it is read, and names a column that is mistyped", async () => {
  place = await Workplace.create("postgres");
  const path = place.file("hr.csv", "Employee Number;name\n0001;Ada\n");
  place.configure(configuration(CSV, path));
  const failed = await place.run("check");
  expect(failed.status).not.toBe(0);
  expect(failed.out + failed.err).toContain("has no column left");
  place.file("hr.csv", CSV.write([ADA, ...others(3)]));
  const good = await place.run("check");
  expect(good.out).toContain("read as utf-8, with ; between the fields");
  expect(good.status).toBe(0);
});

test.each([
  ["type: csv", "needs `id`"],
  ["type: csv\n    users: { id: n }\n    groups: {}", "give `column`"],
  ["type: csv\n    users: { id: n }\n    encoding: utf-9", "no encoding that is known"],
  ["type: csv\n    users: { id: n }\n    delimiter: ';;'", "one sign is expected"],
  ["type: csv\n    users: { id: n, base: dc=x }", "has no base"],
  ["type: ldif\n    trailer: END", "only a directory of type csv has trailer"],
])("refused in the configuration: %j", async (lines, words) => {
  place = await Workplace.create("postgres");
  place.configure(`directories:\n  hr:\n    ${lines}\n    path: hr.csv\n`);
  const { status, err } = await place.run("check");
  expect(status).toBe(2);
  expect(err).toContain(words);
});
