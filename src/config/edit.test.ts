import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { withEdits } from "./edit.ts";

const FILE = `# the whole company
directories:
  corp:
    type: ldif # from a file
    users: { disabled: [ { attribute: employeeNumber, values: [ 007, 12345678901234567890, TRUE, 0x1F, 1.10, 1e3, +5, .5 ] } ] }
    toOkta:
      # who it is
      login: appuser.mail
      title: 'appuser.title' # as it is there
      department: { expression: appuser.ou, apply: create }
profile:
  attributes:
    badge: { title: "00\\u00e9", maxLength: 4 }
`;

const title = ["directories", "corp", "toOkta", "title"];

describe("an edit of the configuration", () => {
  test("changes its place, and not a word elsewhere", () => {
    const edited = withEdits(FILE, [{ path: title, value: "appuser.sn" }]);
    expect(edited).toBe(
      FILE.replace("'appuser.title'", "appuser.sn").replace('"00\\u00e9"', '"00é"'),
    );
  });

  test("writes texts so that they are texts", () => {
    for (const [value, written] of [
      ["true", "'true'"],
      ["007", "'007'"],
      ["null", "'null'"],
      ['"Dr. " + appuser.sn', `'"Dr. " + appuser.sn'`],
      ["it's", "it's"],
    ] as const)
      expect(withEdits(FILE, [{ path: title, value }])).toContain(
        `title: ${written} # as it is there`,
      );
  });

  test("adds, takes away, and fills what is empty", () => {
    const added = withEdits(FILE, [
      {
        path: ["profile", "attributes", "floor"],
        value: { type: "integer", required: true, enum: [1, 2] },
      },
      { path: ["profile", "attributes", "badge"], value: null },
    ]);
    expect(added).toMatch(/floor:\s+type: integer\s+required: true\s+enum: \[ 1, 2 \]/);
    expect(added).not.toContain("badge");
    expect(
      withEdits("apps:\n  dx:\n", [
        { path: ["apps", "dx", "provisioning", "create"], value: true },
      ]),
    ).toBe("apps:\n  dx:\n    provisioning:\n      create: true\n");
    expect(withEdits(FILE, [{ path: ["nothing", "there"], value: null }])).toBe(
      FILE.replace('"00\\u00e9"', '"00é"'),
    );
  });

  test("fills an empty map with the defaults that counted, and writes odd names so that they are names", () => {
    const path = ["directories", "ad", "toOkta"];
    const whole = { path, value: { login: "appuser.a", email: "appuser.b" } };
    const edits = [{ path: [...path, "title"], value: "appuser.t", whole }];
    const filled = withEdits("directories:\n  ad:\n    toOkta: {}\n", edits);
    for (const name of ["login: appuser.a", "email: appuser.b", "title: appuser.t"])
      expect(filled).toContain(name);
    const odd = withEdits("a: { x: 1 }\n", [
      { path: ["a", "007"], value: 7 },
      { path: ["a", "null"], value: { "1": true } },
    ]);
    expect(parse(odd)).toEqual({ a: { x: 1, "007": 7, null: { "1": true } } });
  });

  test("keeps line ends and the mark at the beginning", () => {
    const edited = withEdits(`\ufeff${FILE.replaceAll("\n", "\r\n")}`, [
      { path: title, value: "appuser.sn" },
    ]);
    expect(edited.startsWith("\ufeff# the whole")).toBe(true);
    expect(edited.replaceAll("\r\n", "")).not.toContain("\n");
  });

  test("whatever scalars stand elsewhere, they stand there afterwards", () => {
    const scalar = fc.oneof(
      fc.stringMatching(/^[0-9+.eExoXA-Fa-f_-]{1,12}$/),
      fc.constantFrom("~", "null", "TRUE", "No", "0o17", ".inf", "2001-12-14", "<<"),
    );
    fc.assert(
      fc.property(fc.array(scalar, { minLength: 1, maxLength: 6 }), (values) => {
        const usable = values.filter((one) => !/^[-?:](?:$|[^0-9.])|^-+$/.test(one));
        const file = `a: { values: [ x, ${[...usable, "y"].join(", ")} ] }\ntitle: one\n`;
        expect(withEdits(file, [{ path: ["title"], value: "two" }])).toBe(
          file.replace("one", "two"),
        );
      }),
    );
  });
});

test("what is said of a list, and of what stays in it, stays", () => {
  const flow = "profile:\n  sources: [hr, corp] # the order\n  fallback: true\n";
  const path = ["profile", "sources"];
  expect(withEdits(flow, [{ path, value: ["corp", "hr", "late"] }])).toBe(
    "profile:\n  sources: [ corp, hr, late ] # the order\n  fallback: true\n",
  );
  const block = "profile:\n  sources: # who counts\n    - hr # first\n    - corp # then\n";
  const moved = withEdits(block, [{ path, value: ["corp", "late", "hr"] }]);
  expect(moved).toContain("# who counts");
  expect(moved).toMatch(/- corp # then\n    - late\n    - hr # first\n/);
  const one = "profile:\n  sources: hr # only\n";
  expect(withEdits(one, [{ path, value: ["hr", "corp"] }])).toContain("# only");
});

test.each([
  ["a variable", 'profile: { sources: ["${FIRST:-corp}", hr] }\n'],
  ["an alias", "first: &x corp\nprofile: { sources: [*x, hr] }\n"],
  ["an anchor that is used elsewhere", "profile: { sources: [&x corp, hr] }\nother: *x\n"],
])("a list with %s is a person's to change", (_, text) => {
  const edit = { path: ["profile", "sources"], value: ["hr"] };
  expect(() => withEdits(text, [edit])).toThrow(/cannot be changed/);
});
