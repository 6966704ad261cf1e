import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { CsvFormat, CsvSource } from "../../model/directory.ts";
import { attributeValues, type Entry, type ReadEvidence } from "../../model/entry.ts";
import { CsvDirectory } from "./directory.ts";

const folder = mkdtempSync(join(tmpdir(), "rollcall-csv-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, "hr.csv");
const { signal } = new AbortController();

const FOUND: CsvFormat = { delimiter: null, encoding: null, separator: null, trailer: null };
const USERS: CsvSource["users"] = {
  bases: [],
  scope: "sub",
  filter: "",
  id: "id",
  attributes: [],
  disabled: [],
};

interface Asked {
  readonly format?: Partial<CsvFormat>;
  readonly users?: Partial<CsvSource["users"]>;
  readonly mapped?: readonly string[];
}

function directory(content: string | Buffer, { format, users, mapped = [] }: Asked = {}) {
  writeFileSync(path, content);
  const source: CsvSource = {
    name: "hr",
    type: "csv",
    path,
    format: { ...FOUND, ...format },
    users: { ...USERS, ...users },
    groupsColumn: null,
  };
  return new CsvDirectory(source, mapped);
}

interface Read {
  readonly entries: readonly Entry[];
  /** What is wrong with rows, as codes and messages. */
  readonly problems: readonly string[];
  readonly evidence: ReadEvidence;
}

async function read(content: string | Buffer, asked: Asked = {}): Promise<Read> {
  await using session = await directory(content, asked).open(signal);
  const entries: Entry[] = [];
  const problems: string[] = [];
  for await (const batch of session.people())
    for (const raw of batch) {
      if (raw.problem === null) entries.push(raw.decode());
      else problems.push(`${raw.problem.code} ${raw.problem.message}`);
    }
  return { entries, problems, evidence: session.evidence() };
}

const profiles = ({ entries }: Read) => entries.map(({ profile }) => profile);

test("a row for each person, by the headings as names of expressions", async () => {
  const { entries, evidence } = await read(
    "id,E-Mail,Vor- und Zuname,Straße\n1,ada@example.org,Ada L.,\n",
  );
  expect(entries).toEqual([
    {
      dn: "id=1",
      id: "1",
      disabled: false,
      problem: null,
      profile: { id: "1", E_Mail: "ada@example.org", Vor_und_Zuname: "Ada L." },
    },
  ]);
  expect(evidence).toMatchObject({ complete: true, entries: 1 });
  expect(evidence.doubt).toBeUndefined();
});

describe("how the file is written is found", () => {
  test.each([
    ["commas", "id,name\n1,Ada\n"],
    ["semicolons, with commas in a heading", 'id;"name"\n1;Ada\n'],
    ["tabs", "id\tname\n1\tAda\n"],
    ["bars", "id|name\n1|Ada\n"],
    ["the line that spreadsheets write", "sep=;\r\nid;name\r\n1;Ada\r\n"],
    ["lines that end with CR only", "id,name\r1,Ada\r"],
    ["lines that end in several ways", "\r\nid,name\r\n1,Ada\n"],
    ["empty lines and columns behind", "id,name,,\n\n1,Ada,,\n,,,\n"],
  ])("%s", async (_, text) => {
    expect(profiles(await read(text))).toEqual([{ id: "1", name: "Ada" }]);
  });

  test.each([
    ["UTF-8", Buffer.from("id;name\n1;Jürgen\n")],
    ["UTF-8 with its mark", Buffer.from("\uFEFFid;name\n1;Jürgen\n")],
    ["Windows-1252", Buffer.from("id;name\n1;Jürgen\n", "latin1")],
    ["UTF-16 with its mark", Buffer.from("\uFEFFid;name\n1;Jürgen\n", "utf16le")],
    ["UTF-16 without", Buffer.from("id;name\n1;Jürgen\n", "utf16le")],
    ["UTF-16, the high byte first", Buffer.from("\uFEFFid;name\n1;Jürgen\n", "utf16le").swap16()],
  ])("%s", async (_, bytes) => {
    expect(profiles(await read(bytes))).toEqual([{ id: "1", name: "Jürgen" }]);
  });

  test("and can be told", async () => {
    const format = { delimiter: ":", encoding: "iso-8859-2", separator: "/" };
    const bytes = Buffer.from([...Buffer.from("id:town\n1:"), 0xa3, ...Buffer.from("/ b\n")]);
    expect(profiles(await read(bytes, { format }))).toEqual([{ id: "1", town: ["Ł", "b"] }]);
  });

  test("bytes that are no text of the encoding that is told are refused", async () => {
    const bytes = Buffer.from("id;name\n1;Jürgen\n", "latin1");
    await expect(read(bytes, { format: { encoding: "utf-8" } })).rejects.toThrow(
      "not text in utf-8",
    );
  });
});

test("whatever a table holds is read as it was written", async () => {
  const cell = fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => text.trim());
  const rows = fc.array(fc.tuple(fc.uuid(), cell, cell), { minLength: 1, maxLength: 8 });
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  await fc.assert(
    fc.asyncProperty(rows, fc.constantFrom(",", ";", "\t", "|"), async (table, sign) => {
      const lines = [["id", "a", "b"], ...table].map((row) => row.map(quoted).join(sign));
      const { entries, problems } = await read(`${lines.join("\r\n")}\r\n`);
      fc.pre(problems.length === 0);
      const found = entries.map(({ profile }) =>
        ["id", "a", "b"].map((name) => attributeValues(profile, name)[0] ?? ""),
      );
      expect(found).toEqual(table.map((row) => [...row]));
    }),
    { numRuns: 60 },
  );
});

describe("a file that may not be whole is doubted", () => {
  test.each([
    ["a row has fewer fields", "id,name,town\n1,Ada,Rome\n2,Bo\n", /Line 3 has 2 fields/],
    ["a row has more fields", "id,name\n1,Ada\n2,Bo,x\n", /Line 3 has 3 fields/],
  ])("%s", async (_, text, doubt) => {
    const { evidence, entries } = await read(text);
    expect(evidence.doubt).toMatch(doubt);
    expect(entries.map(({ id }) => id)).toEqual(["1"]);
  });

  test.each([
    ["END;1\n", undefined],
    ["END", undefined],
    ["END 1 rows\n", undefined],
    ["", /does not end with the line END/],
    ["END;3\n", /speaks of 3 rows; there are 1/],
    ["END;1\n2;Bo\n", /Line 3 closes the file, and there are rows behind it/],
    ["END;1\n2;Bo\nEND;2\n", /Line 3 closes the file/],
    ["ENDERS;Cy\nEND;2\n", undefined],
  ])("closing line %j", async (end, doubt) => {
    const { evidence } = await read(`id;name\n1;Ada\n${end}`, { format: { trailer: "END" } });
    if (doubt === undefined) expect(evidence.doubt).toBeUndefined();
    else expect(evidence.doubt).toMatch(doubt);
  });

  test("the person whose line has no end is seen, and keeps what was", async () => {
    const { evidence, entries, problems } = await read("id,name,status\n1,Ada,active\n2,Bo,lef");
    expect(evidence.doubt).toMatch(/no end/);
    expect(entries.map(({ id }) => id)).toEqual(["1"]);
    expect(problems).toEqual([
      "entry.undecodable line 3, the last one, has no end, so its last value may be cut.",
    ]);
  });

  test("somebody whose identifier cannot be read may be anybody who is missing", async () => {
    const { evidence, problems } = await read("id;name\n1,23E+11;Ada\n2;Bo\n");
    expect(problems.length).toBe(1);
    expect(evidence.doubt).toMatch(/id of line 2 is 1,23E\+11/);
  });

  test("the sign for what was lost before is text as any other", async () => {
    const { entries } = await read("id;name\n1;Bj\uFFFDrn\n2;Müller\n");
    expect(entries.map(({ profile }) => profile["name"])).toEqual(["Bj\uFFFDrn", "Müller"]);
  });

  test("text that is UTF-8 in some places only is refused, not read as something else", async () => {
    const mixed = Buffer.concat([Buffer.from("id;name\n1;Müller\n2;B"), Buffer.from([0xf6, 0x0a])]);
    await expect(read(mixed)).rejects.toMatchObject({ code: "csv.invalid" });
    const cut = Buffer.from("id;name\n1;Müller\n2;Bö").subarray(0, -1);
    await expect(read(cut)).rejects.toMatchObject({ code: "csv.invalid" });
  });

  test("one that changes while it is read is not taken at all", async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => `${i},Ada`).join("\n");
    await using session = await directory(`id,name\n${rows}\n`).open(signal);
    const reading = async (): Promise<void> => {
      for await (const _ of session.people()) writeFileSync(path, "id,name\n1,Ada\n");
    };
    await expect(reading()).rejects.toMatchObject({ code: "csv.changed" });
    expect(session.evidence().complete).toBe(false);
  });
});

describe("refused, with the place", () => {
  test.each([
    ['id,name\n1,"Ada\n2,Bo\n', "csv.invalid", "does not end"],
    ['id,name\n1,"Ada" L.\n', "csv.invalid", "line 2"],
    ['sep=,\nid,name\n1,5" pipe\n', "csv.invalid", "line 3"],
    ["id,name,Name\n1,a,b\n", "csv.heading", "two columns Name"],
    ["number,name\n1,a\n", "csv.heading", "no column id, by which people are identified"],
    ["", "csv.heading", "no column id"],
  ])("%j", async (text, code, words) => {
    await expect(read(text)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
    });
  });

  test.each([
    [{ users: { disabled: [{ attribute: "status", values: ["left"] }] } }, "disabled"],
    [{ users: { filter: "(kind=staff)" } }, "which the filter asks for"],
    [{ mapped: ["department"] }, "which a mapping reads"],
  ])("a column is missing: %j", async (asked, words) => {
    await expect(read("id,name\n1,Ada\n", asked)).rejects.toThrow(words);
  });
});

describe("what spreadsheets do to values", () => {
  test.each([
    ["1,23E+11;Ada", "1,23E+11"],
    ["1;#N/A", "#N/A"],
    ["1;#NAME?", "#NAME?"],
    ["1.23457E11;Ada", "1.23457E11"],
    ["1;####", "####"],
  ])("%j is no value, and the row is told", async (row, value) => {
    const { problems, entries } = await read(`id;name\n${row}\n`, { mapped: ["name"] });
    expect(entries).toEqual([]);
    expect(problems[0]).toMatch(/^entry\.undecodable/);
    expect(problems[0]).toContain(value);
  });

  test("a cell that nobody reads harms nobody", async () => {
    const { entries } = await read("id;name;phone\n1;Ada;#N/A\n", { mapped: ["name"] });
    expect(entries.map(({ id }) => id)).toEqual(["1"]);
  });

  test("what the filter asks for and cannot be read leaves nobody out", async () => {
    const users = { filter: "(kind=staff)" };
    const { problems, entries } = await read("id;kind\n1;#N/A\n2;guest\n3;staff\n", { users });
    expect(entries.map(({ id }) => id)).toEqual(["3"]);
    expect(problems.length).toBe(1);
  });

  test('="00123" is 00123', async () => {
    const { entries } = await read('id;name\n"=""00123""";Ada\n');
    expect(entries[0]?.id).toBe("00123");
  });

  test("lost zeros and days that can be read in two ways are told by a look at the file", async () => {
    const rows = [10_001, 10_002, 10_003, 10_004, 10_005, 123]
      .map((id) => `${id};03.04.2026`)
      .join("\n");
    const { remarks, problem, attributes } = await directory(`id;start\n${rows}\n`).probe(signal);
    expect(problem).toBeNull();
    expect([...(attributes ?? [])]).toEqual(["id", "start"]);
    expect(remarks.join("\n")).toMatch(/utf-8, with ; between/);
    expect(remarks.join("\n")).toMatch(/id mostly has 5 digits.*\(123\)/);
    expect(remarks.join("\n")).toMatch(/start has days such as 03\.04\.2026/);
  });
});

test("a filter decides which rows are people, a column who is disabled, a password is left out", async () => {
  const { entries, evidence } = await read(
    "id,kind,status,password\n1,staff,active,x\n2,guest,active,y\n3,staff,LEFT,z\n",
    {
      users: {
        filter: "(kind=staff)",
        disabled: [{ attribute: "Status", values: ["left"] }],
      },
    },
  );
  expect(entries.map(({ id, disabled }) => [id, disabled])).toEqual([
    ["1", false],
    ["3", true],
  ]);
  expect(entries[0]?.profile).not.toHaveProperty("password");
  expect(evidence.leftOut).toEqual(["password"]);
});

test("a row without an identifier is told, and the others are read", async () => {
  const { entries, problems } = await read("id,name\n,Ada\n2,Bo\n");
  expect(entries.map(({ id }) => id)).toEqual(["2"]);
  expect(problems[0]).toBe("entry.idMissing line 2 has no id, by which people are identified.");
});
