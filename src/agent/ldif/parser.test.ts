import fc from "fast-check";
import { expect, test } from "vitest";
import { parseLdif } from "./parser.ts";

async function parse(text: string, chunk = 7) {
  const bytes = Buffer.from(text);
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
  }
  const records = [];
  for await (const record of parseLdif(chunks(), "test.ldif")) {
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
])("refused: %j", async (text, place) => {
  await expect(parse(text)).rejects.toThrow(place);
});

test("a byte order mark at the beginning is no part of the first line", async () => {
  expect(await parse("\uFEFFversion: 1\n\ndn: a\n")).toEqual([{ dn: "a", attributes: [] }]);
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
