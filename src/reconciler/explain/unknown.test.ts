import { describe, expect, test } from "vitest";
import { rulesOf } from "../../../test/support/decisions.ts";
import { run, server, state } from "../../../test/support/explanations.ts";
import { explainUnknown, type AskedDirectory, type UnknownFacts } from "./unknown.ts";

const BASE =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn";
const rules = rulesOf(`
directories:
  corp: { type: ldif, path: x, toOkta: { ${BASE} } }
  hr: { type: ldif, path: x, onNoMatch: ignore, matching: [{ user: login, app: appuser.mail }], toOkta: { ${BASE} } }
profile: { sources: [corp, hr] }
`);

function unknown(more: Partial<UnknownFacts> = {}): UnknownFacts {
  const sources = new Map(["corp", "hr"].map((name) => [name, server(name)]));
  const nothing = { entry: null, former: null, unkept: null, asked: [] };
  return { rules, sources, who: "ada", live: true, ...nothing, ...more };
}

function asked(directory: string, answer: AskedDirectory["answer"], of = state()): AskedDirectory {
  return { directory, state: of, answer };
}

const here = { kind: "found", id: "1", dn: "uid=ada", belongsTo: null } as const;
const none = { kind: "none", people: 3 } as const;
const silent = { kind: "failed", code: "ldap.busy", message: "Busy." } as const;
const held = state({ held: run({ status: "held", state: "held" }) });

describe("there is no such user, because", () => {
  test.each([
    ["nobody has imported the person", unknown({ live: false }), "notImported", "explain"],
    [
      "no directory shows the person",
      unknown({ asked: [asked("corp", none)] }),
      "notImported",
      "check",
    ],
    [
      "the person waits for the next import",
      unknown({ asked: [asked("corp", here)] }),
      "waitsForImport",
      "import",
    ],
    [
      "the import that has the person is held",
      unknown({ asked: [asked("corp", here, held)] }),
      "waitsForImport",
      "showRun",
    ],
    [
      "the entry is somebody's under an older name",
      unknown({ asked: [asked("corp", { ...here, belongsTo: "bob" })] }),
      "appProfileOld",
      "import",
    ],
    [
      "a directory cannot be read",
      unknown({ asked: [asked("corp", silent), asked("hr", none)] }),
      "directoryFails",
      "check",
    ],
    [
      "another directory shows the person",
      unknown({ asked: [asked("corp", silent), asked("hr", here)] }),
      "waitsForImport",
      "import",
    ],
    [
      "the user is called otherwise now",
      unknown({ live: false, former: { kind: "renamed", login: "lovelace" } }),
      "renamed",
      "explain",
    ],
    [
      "the user was deleted",
      unknown({ live: false, former: { kind: "deleted", id: "u", at: "t" } }),
      "notImported",
      "events",
    ],
    [
      "the entry cannot be kept",
      unknown({
        live: false,
        unkept: {
          directory: "corp",
          dn: "uid=ada",
          error: { code: "entry.idMissing", field: "id", message: "No id." },
        },
      }),
      "cannotBeCreated",
      "listFailing",
    ],
  ] as const)("%s", (_, facts, code, remedy) => {
    const { cause } = explainUnknown(facts);
    expect([cause.code, cause.remedy?.kind]).toEqual([code, remedy]);
  });

  test("somebody who was deleted and is shown again waits for the import", () => {
    const former = { kind: "deleted", id: "u", at: "t" } as const;
    const { cause } = explainUnknown(unknown({ former, asked: [asked("corp", here)] }));
    expect(cause.code).toBe("waitsForImport");
  });
});

test("every directory that was asked is a stage, with its answer or how its imports stand", () => {
  const { stages } = explainUnknown(unknown({ asked: [asked("corp", silent), asked("hr", null)] }));
  expect(stages.map(({ directory, ok }) => [directory, ok])).toEqual([
    ["corp", false],
    ["hr", true],
  ]);
});
