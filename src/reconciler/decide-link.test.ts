import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ADA, appUser, contextOf, NOBODY, rulesOf, user } from "../../test/support/decisions.ts";
import { USER_STATUSES, type LinkOrigin } from "../model/user.ts";
import { decideUnlink } from "./decide-link.ts";

const MAPPINGS =
  "login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn, title: appuser.title";
const rules = rulesOf(`
directories:
  corp: { type: ldif, path: x, onRemoval: suspend, toOkta: { ${MAPPINGS} } }
  hr: { type: ldif, path: x, toOkta: { ${MAPPINGS} } }
profile: { sources: [corp, hr] }
`);
const LINK: LinkOrigin = { how: "unlinked", by: "admin", at: "2026-01-01T00:00:00Z" };

function unlink(more: { keepStatus?: boolean; others?: string[]; user?: ReturnType<typeof user> }) {
  const { keepStatus = false, others = [], user: known = user() } = more;
  const hr = { ...ADA, title: "of hr" };
  return decideUnlink(contextOf(rules, "corp"), {
    appUser: appUser("corp", ADA),
    known: { ...NOBODY, user: known, others: others.map((name) => appUser(name, hr)) },
    link: LINK,
    keepStatus,
  });
}

describe("cutting a link", () => {
  test("sets the entry aside, so that no import links it again, and says who did it", () => {
    const planned = unlink({});
    expect(planned).toMatchObject({
      action: "updated",
      reason: "unlinked",
      appUser: { status: "active", userId: null, link: LINK, hash: "" },
    });
    expect(planned.events[0]).toMatchObject({ data: { by: "admin" } });
  });

  test("asks onRemoval about the last one, which the safeguard counts", () => {
    expect(unlink({})).toMatchObject({
      lost: true,
      user: { status: "suspended", statusBy: "corp" },
      changes: expect.arrayContaining([
        { attribute: "status", from: "active", to: "suspended", source: "okta" },
      ]) as unknown,
    });
  });

  test("leaves the status as it is, if that is wanted; the values stay and are edited here", () => {
    const planned = unlink({ keepStatus: true });
    expect(planned).toMatchObject({ lost: false, user: { status: "active" } });
    expect(new Set(Object.values(planned.user?.sources ?? {}))).toEqual(new Set(["okta"]));
  });

  test("lets the next source take over, with its values, and takes no access", () => {
    const planned = unlink({ others: ["hr"] });
    expect(planned).toMatchObject({
      lost: false,
      user: { status: "active", profile: { title: "of hr" } },
    });
    expect(planned.user?.sources["title"]).toBe("hr");
  });

  test("tells of the entry's leaving nothing, because it has not left", () => {
    const types = unlink({}).events.map((event) => event.type);
    expect(types).not.toContain("system.import.user.delete");
  });
});

test("with keepStatus nobody's access changes, whoever it is", () => {
  fc.assert(
    fc.property(fc.constantFrom(...USER_STATUSES), fc.boolean(), (status, hasOther) => {
      const known = user({ status, statusBy: status === "active" ? null : "okta" });
      const others = hasOther ? ["hr"] : [];
      const planned = unlink({ keepStatus: true, user: known, others });
      expect(planned.user?.status ?? status).toBe(status);
      expect(planned.lost).toBe(false);
    }),
  );
});
