import fc from "fast-check";
import { expect, test } from "vitest";
import { CopyRows, type CopyValue } from "./copy-format.ts";

/** What COPY makes of its text format (PostgreSQL, "COPY", File Formats). */
function readBack(bytes: Buffer): (string | null)[][] {
  const rows = bytes.toString("utf8").split("\n");
  expect(rows.pop()).toBe("");
  return rows.map((row) =>
    row.split("\t").map((field) => {
      if (field === "\\N") return null;
      return field.replaceAll(/\\(.)/g, (_, sign: string) => {
        return { n: "\n", r: "\r", t: "\t" }[sign] ?? sign;
      });
    }),
  );
}

function asText(value: CopyValue): string | null {
  if (value === null) return null;
  if (typeof value === "boolean") return value ? "t" : "f";
  return String(value);
}

const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.stringMatching(/^[\\\n\r\tNx]{0,8}$/),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);

test("whatever the values are, the rows are read back as they were, batch by batch", () => {
  const batches = fc.array(fc.array(fc.array(value, { minLength: 1, maxLength: 5 })));
  fc.assert(
    fc.property(batches, (all) => {
      const lines = new CopyRows();
      for (const rows of all) {
        for (const row of rows) lines.add(row);
        expect(lines.rows).toBe(rows.length);
        expect(readBack(lines.take())).toEqual(rows.map((row) => row.map(asText)));
        expect([lines.rows, lines.length]).toEqual([0, 0]);
      }
    }),
  );
});

test("a row that is larger than all before has room", () => {
  const lines = new CopyRows();
  const large = "ä€😀".repeat(400_000);
  lines.add(["small", large]);
  lines.add([large]);
  expect(readBack(lines.take())).toEqual([["small", large], [large]]);
});
