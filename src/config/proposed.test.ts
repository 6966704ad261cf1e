import fc from "fast-check";
import { expect, test } from "vitest";
import { parse, parseDocument } from "yaml";
import type { Proposal } from "../model/proposal.ts";
import { changesSources, withDirectory, type Access } from "./proposed.ts";

const ACCESS: Access = {
  name: "corp",
  url: "ldaps://dc1.example.org",
  path: null,
  startTls: false,
  ca: null,
  bindDn: "cn=reader,dc=example,dc=org",
  passwordFile: "/etc/rollcall/corp-password",
};

const PROPOSAL: Proposal = {
  type: "ldap",
  title: "a server",
  base: "ou=people,dc=example,dc=org",
  filter: "(objectClass=person)",
  id: "entryUUID",
  disabled: null,
  groups: null,
  separator: null,
  people: 12,
  isPart: false,
  places: [],
  attributes: [],
  mappings: [{ attribute: "login", expression: "appuser.mail", valid: 12, of: 12 }],
  missing: [],
  preview: [],
  remarks: [],
};

/** Texts as servers may give them: with what ends lines and begins keys. */
const said = fc
  .array(
    fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\n", "\r\n", "\u0085", "\u2028", "\ufeff", ": ", "#", "'", '"', "- ", "{"),
      fc.constantFrom("onRemoval: keep", "importSafeguard: off", "x".repeat(80)),
    ),
    { minLength: 1, maxLength: 12 },
  )
  .map((parts) => parts.join(""))
  .filter((text) => !text.includes("${"));

const FILES = [
  "directories: {}\nhttp: { port: 8080 }\n",
  "directories: {} # none yet\n",
  "directories:\n",
  "directories:\n  hr:\n    type: csv\n    path: hr.csv   # theirs\nhttp: off\n",
];

test.each(FILES)("whatever a server says is a value and nothing else, in %j", (file) => {
  fc.assert(
    fc.property(said, said, said, (base, filter, dn) => {
      const groups = { base: dn };
      const proposal = {
        ...PROPOSAL,
        base,
        filter,
        groups,
        places: [{ dn, people: 1 }],
        title: dn,
      };
      const text = withDirectory(file, proposal, ACCESS);
      expect(parseDocument(text).errors).toEqual([]);
      const { directories, ...rest } = parse(text) as Record<string, Record<string, object>>;
      const before = (parse(file) ?? {}) as Record<string, Record<string, object>>;
      const { directories: others, ...beside } = before;
      expect(rest).toEqual(beside);
      expect({ ...directories, corp: null }).toEqual({ ...others, corp: null });
      expect(directories?.["corp"]).toMatchObject({
        url: ACCESS.url,
        users: { base, filter },
        groups: { base: dn },
      });
      const known = ["type", "url", "bind", "users", "groups", "matching", "toOkta"];
      expect(
        Object.keys(directories?.["corp"] ?? {}).filter((key) => !known.includes(key)),
      ).toEqual([]);
    }),
  );
});

test("what stood in the file stays as it was written", () => {
  const block = "directories:\n  hr:\n    type: csv\n    users: { disabled: { values: [007] } }\n";
  expect(withDirectory(block, PROPOSAL, ACCESS).startsWith(block)).toBe(true);
  // Where the order of sources is written, a directory that is not in it would give nothing.
  const ordered = `# kept\n${block}profile:\n  sources: [hr] # the order\n`;
  const withOrder = withDirectory(ordered, PROPOSAL, ACCESS);
  expect(withOrder).toContain("# the order");
  expect(parse(withOrder)).toMatchObject({ profile: { sources: ["hr", ACCESS.name] } });
  expect([changesSources(ordered, withOrder), changesSources(block, withOrder)]).toEqual([
    true,
    true,
  ]);
  expect(changesSources(withOrder, withOrder)).toBe(false);
  const variable = `${block}profile:\n  sources: ["\${FIRST}"]\n`;
  expect(withDirectory(variable, PROPOSAL, ACCESS)).toContain('sources: ["${FIRST}"]');
  const there = `${block}profile:\n  sources: [hr, ${ACCESS.name}]\n`;
  expect(withDirectory(there, PROPOSAL, ACCESS)).toContain(`sources: [hr, ${ACCESS.name}]`);
  const flow = "directories: { hr: { type: csv, users: { disabled: { values: [007, 1e3] } } } }\n";
  expect(withDirectory(flow, PROPOSAL, ACCESS)).toMatch(/values: \[ ?007, 1e3 ?\]/);
});
