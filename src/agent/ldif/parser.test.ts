import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLdif } from "./parser.ts";

async function parse(text: string | Buffer, chunk = 7, onDoubt?: (why: string) => void) {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const records = [];
  for await (const record of parseLdif(chunks(), "test.ldif", onDoubt)) {
    records.push({
      dn: record.dn.toString(),
      attributes: record.attributes.map(({ name, value }) => [name, value.toString()]),
    });
  }
  return records;
}

test("folding, base64, comments, CR LF, options and a version", async () => {
  const text =
    "version: 1\r\n# a comment\r\n  folded\r\n\r\ndn: uid=a,\r\n dc=x\r\ncn:Ada\r\ncn;lang-de:: w7Y=\r\n# in between\r\ndescription: two\r\n  words\r\nempty:\r\n\r\n\r\ndn:: w7Y=\r\nsn: x";
  expect(await parse(text)).toEqual([
    {
      dn: "uid=a,dc=x",
      attributes: [
        ["cn", "Ada"],
        ["cn;lang-de", "ö"],
        ["description", "two words"],
        ["empty", ""],
      ],
    },
    { dn: "ö", attributes: [["sn", "x"]] },
  ]);
});

test.each([
  ["dn: a\nphoto:< file:///etc/passwd\n", "line 2"],
  ["dn: a\nsn:: not base64!\n", "line 2"],
  ["dn: a\nsn:: QQ=\n", "line 2"],
  ["dn: a\nno colon\n", "line 2"],
  ["sn: a\n", "line 1"],
  ["dn: a\ndn: b\n", "line 2"],
  ["version: 2\n\ndn: a\n", "line 1"],
  ["dn: a\nchangetype: modify\n", "line 2"],
  [" continued\n", "line 1"],
  ["dn: a\nchangetype: delete\n", "a changetype is a change"],
  ["dn: a\ncontrol: 1.2.3\n", "line 2"],
  ["dn: a\rcn: b\r", "lines end with CR only"],
  ["dn: a\n\n# search result\nsearch: 2\nresult: 4 Size limit exceeded\n", "ended with result 4"],
  ["dn: a\ncn: x\0y\n", "save it as UTF-8"],
  [
    "dn: a\n\n# search result\n# search: 2\n# result: 4 Size limit exceeded\n",
    "ended with result 4",
  ],
  ["dn: a\n\n# search reference\nref: ldap://other/dc=x\n", "another server"],
])("refused: %j", async (text, place) => {
  await expect(parse(text)).rejects.toThrow(place);
});

test("a byte order mark at the beginning is no part of the first line", async () => {
  expect(await parse("\uFEFFversion: 1\n\ndn: a\n")).toEqual([{ dn: "a", attributes: [] }]);
});

test.each([
  [
    "with what ldapsearch writes around the entries",
    "dn: a\n\n# search result\nsearch: 2\nresult: 0 Success\n",
  ],
  ["from ldifde, as changetype: add", "dn: a\nchangetype: add\n"],
  ["twice the carriage return", "dn: a\r\r\n"],
])("exports as people have them: %s", async (_, text) => {
  expect(await parse(text)).toEqual([{ dn: "a", attributes: [] }]);
});

test("several exports in one file, each with its version and its mark", async () => {
  const one = (dn: string): string => `\uFEFFversion: 1\r\n\r\ndn: ${dn}\r\nshoe_size: 42\r\n\r\n`;
  const attributes = [["shoe_size", "42"]];
  expect(await parse(one("a") + one("b"))).toEqual([
    { dn: "a", attributes },
    { dn: "b", attributes },
  ]);
});

test.each<[string, (text: string) => Buffer]>([
  ["little endian", (text) => Buffer.from(text, "utf16le")],
  ["big endian", (text) => Buffer.from(text, "utf16le").swap16()],
])("UTF-16, %s, however the bytes are cut", async (_, encode) => {
  const bytes = encode("\uFEFFversion: 1\r\n\r\ndn: cn=Åsa 🙂\r\nsn: Öz\r\n");
  for (let chunk = 1; chunk < 12; chunk++)
    expect(await parse(bytes, chunk)).toEqual([{ dn: "cn=Åsa 🙂", attributes: [["sn", "Öz"]] }]);
});

const HEADER = "# extended LDIF\n#\n# LDAPv3\n\n";
const END = "# search result\nsearch: 2\nresult: 0 Success\n\n";
const PAGE = `${END.trimEnd()}\ncontrol: 1.2.840.113556.1.4.319 false AA==\npagedresults: cookie=AAAA\n\n`;
const LAST = PAGE.replace("cookie=AAAA", "cookie=");
test.each<[string, string, string | null]>([
  ["a value without an end of line", "dn: a\ntitle: Director of", "has no end"],
  ["a whole file", "dn: a\n", null],
  ["nothing", "", null],
  ["what ldapsearch writes, cut between two entries", `${HEADER}dn: a\n\ndn: b\n\n`, "cut off"],
  ["the same, whole", `${HEADER}dn: a\n\n${END}# numEntries: 1\n`, null],
  ["fewer entries than were found", `${HEADER}dn: a\n\n${END}# numEntries: 2\n`, "found 2 entries"],
  ["a page of several", `dn: a\n\n# pagedresults: cookie=AAAA\n`, "more pages"],
  [
    "the last page of several",
    `# pagedresults: cookie=AA\ndn: a\n\n# pagedresults: cookie=\n`,
    null,
  ],
  [
    "two exports, the first one cut off",
    `${HEADER}dn: a\n\n${HEADER}dn: b\n\n${END}`,
    "does not end so",
  ],
  [
    "several pages in one file, each with its header, and the number of all at the end",
    `${HEADER}dn: a\n\n${PAGE}${HEADER}dn: b\n\n${LAST}# numEntries: 2\n`,
    null,
  ],
  ["the first of several pages, each with its header", `${HEADER}dn: a\n\n${PAGE}`, "more pages"],
  ["a comment of somebody's own", "# result of the merger: 4\ndn: a\n", null],
])("whether a file may not be whole: %s", async (_, text, expected) => {
  const doubts: string[] = [];
  await parse(text, 7, (why) => doubts.push(why));
  expect(doubts.join()).toContain(expected ?? "");
  expect(doubts).toHaveLength(expected === null ? 0 : 1);
});

test("no error shows what stands in a line, which may have been cut from a secret", async () => {
  for (const line of ["userPassword hunter2: x", "hunter2", "changetype: hunter2", "sn:: hunter2!"])
    await expect(parse(`dn: a\n${line}\n`)).rejects.not.toThrow("hunter2");
});

test("a long line that is no base64 is refused at once", async () => {
  await expect(parse(`dn: a\ncn:: A${" ".repeat(1_000_000)}!\n`, 65_536)).rejects.toThrow("line 2");
});

test("what is written is read, however the bytes are cut and lines are folded", async () => {
  const value = fc.string({ unit: "binary", maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(value, { maxLength: 5 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 2, max: 76 }),
      async (values, chunk, width) => {
        const lines = values.map((text) => `description:: ${Buffer.from(text).toString("base64")}`);
        const folded = lines.map((line) =>
          (line.match(new RegExp(`.{1,${width}}`, "g")) ?? []).join("\n "),
        );
        const [record] = await parse(`dn: a\n${folded.join("\n")}\n`, chunk);
        expect(record?.attributes.map(([, text]) => text)).toEqual(
          values.map((text) => Buffer.from(text).toString()),
        );
      },
    ),
  );
});

test("parts of a list, as Active Directory exports them, are one list", async () => {
  const [record] = await parse(
    "dn: cn=a\nmemberOf;range=0-1: x\nmemberOf;range=0-1: y\nmemberOf;range=2-*: z\n",
  );
  expect(record?.attributes).toEqual([
    ["memberOf", "x"],
    ["memberOf", "y"],
    ["memberOf", "z"],
  ]);
});

test.each([
  ["memberOf;range=0-1: x\nmemberOf;range=0-1: y\n", "memberof"],
  ["memberOf;range=2-*: x\n", "memberOf"],
  ["memberOf;range=0-0: x\nmemberOf;range=2-*: z\n", "memberOf"],
  ["memberOf;range=0-0: x\nmemberOf;range=1-*: y\nmemberOf;range=1-*: z\n", null],
])("of %j, a part is missing: %s", async (lines, partial) => {
  async function* chunks(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from(`dn: cn=a\n${lines}\n`));
  }
  for await (const record of parseLdif(chunks(), "f")) expect(record.partial).toBe(partial);
  expect.assertions(1);
});

test("of an entry that is too large, the names are kept and the sizes told; the next one is whole", async () => {
  const large = "x".repeat(33 * 1024 * 1024);
  const found: [number, number][] = [];
  async function* chunks(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from(`dn: uid=a\nuid: a\ndescription: ${large}\nsn: x\n\n`));
    yield Buffer.from("dn: uid=b\nuid: b\n");
  }
  for await (const { size, attributes } of parseLdif(chunks(), "f"))
    found.push([size, attributes.length]);
  expect(found[0]?.[0]).toBeGreaterThan(33 * 1024 * 1024);
  expect(found.map(([, attributes]) => attributes)).toEqual([3, 1]);
});

test("an entry of very many small lines is too large, and a value in very many small pieces is one value", async () => {
  const sizes: [number, number][] = [];
  async function* chunks(): AsyncGenerator<Buffer> {
    yield await Promise.resolve(Buffer.from("dn: uid=a\n"));
    for (let i = 0; i < 60; i++) yield Buffer.from("a:\n".repeat(10_000));
    yield Buffer.from(`\ndn: uid=b\ncn: x\n${" y\n".repeat(500_000)}\ndn: uid=c\n`);
  }
  for await (const { size, attributes } of parseLdif(chunks(), "f"))
    sizes.push([size, attributes[0]?.value.length ?? 0]);
  expect(sizes[0]?.[0]).toBeGreaterThan(32 * 1024 * 1024);
  expect(sizes.map(([, length]) => length)).toEqual([0, 500_001, 0]);
});
