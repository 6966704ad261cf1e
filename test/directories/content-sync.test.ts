/** RFC 4533 against a scripted server: every end of a refresh, and what may be concluded from it. */
import { expect, test } from "vitest";
import {
  BASE,
  code,
  done,
  DS389,
  idSet,
  MARK,
  OPENLDAP,
  person,
  state,
  SYNC,
  uuid,
  withAgent,
} from "../support/scripted-agent.ts";
import type { Answer, SearchCall, Values } from "../support/scripted-ldap.ts";

/** Answers the look at the base, and the synchronisation as told. */
function syncing(answer: Answer) {
  return (call: SearchCall): Answer =>
    call.controls.has(SYNC) ? answer : { entries: [person(0)], cookie: null };
}

async function changes(
  answer: Answer,
  rootDse: Readonly<Record<string, Values>> = OPENLDAP,
  limit = 100,
  id?: string,
) {
  return await withAgent(
    syncing(answer),
    rootDse,
    async (session) => {
      try {
        const { touched, gone, present } = await session.changes.since(MARK, limit, false);
        const positions = session.changes.mark()?.positions ?? {};
        const seen = present === null ? null : [1, 2, 3, 4].filter((n) => present.has(uuid(n)));
        const cookie = Buffer.from(positions[BASE] ?? "", "base64").toString();
        return { touched: [...touched], gone: [...gone], present: seen, cookie };
      } catch (error) {
        return code(error);
      }
    },
    id === undefined ? {} : { id },
  );
}

test("delete phase: who changed, and who is gone", async () => {
  const answer = {
    entries: [state(1, 1), state(2, 3)],
    intermediate: [idSet(true, 3, 4)],
    ...done("new", true),
  };
  expect(await changes(answer)).toEqual({
    touched: [uuid(1)],
    gone: [uuid(2), uuid(3), uuid(4)],
    present: null,
    cookie: "new",
  });
});

test("present phase: whoever is neither listed nor changed is gone", async () => {
  const answer = {
    entries: [state(1, 1), state(2, 0)],
    intermediate: [idSet(false, 3)],
    ...done("new", false),
  };
  expect(await changes(answer)).toEqual({
    touched: [uuid(1)],
    gone: [],
    present: [1, 2, 3],
    cookie: "new",
  });
});

test("nothing changed and no new cookie: the old one stays", async () => {
  expect(await changes(done(null, true))).toEqual({
    touched: [],
    gone: [],
    present: null,
    cookie: "old",
  });
});

test.each<[string, Answer, string]>([
  [
    "a refresh that lists nobody in a present phase",
    { entries: [state(1, 1)], ...done("new", false) },
    "history_lost",
  ],
  ["an empty present phase", done("new", false), "history_lost"],
  [
    "changes without a cookie to go on from",
    { entries: [state(1, 1)], ...done(null, true) },
    "checkpoint_refused",
  ],
  ["an answer without Sync Done", { cookie: null }, "checkpoint_refused"],
  [
    "entries without Sync State",
    { entries: [person(1)], ...done("new", true) },
    "checkpoint_refused",
  ],
  ["e-syncRefreshRequired", { code: 4096 }, "checkpoint_refused"],
  ["a provider that is behind", { code: 53 }, "checkpoint_refused"],
  ["a critical control that is not known", { code: 12 }, "checkpoint_refused"],
  ["a busy server", { code: 51 }, "ldap.busy"],
  [
    "a referral",
    { referral: "ldap://other/", ...done("new", true) },
    "agent_unable_to_perform_incremental_import",
  ],
  ["a connection that ends", { entries: [state(1, 1)], then: "close" }, "ldap.connectionLost"],
  ["a server that hangs", { entries: [state(1, 1)], then: "hang" }, "ldap.timeout"],
  [
    "bytes that are none",
    { raw: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n") },
    "ldap.protocol",
  ],
])("%s concludes nothing about anybody", async (_, answer, expected) => {
  expect(await changes(answer)).toBe(expected);
});

test("389 never ends a delete phase by name; an empty answer removes nobody", async () => {
  const nothing = { touched: [], gone: [], present: null };
  const mark = { ...done("new", false) };
  expect(await changes(mark, DS389)).toEqual({ ...nothing, cookie: "new" });
});

test("more changes than it pays to look up one by one", async () => {
  const entries = Array.from({ length: 11 }, (_, i) => state(i, 1));
  expect(await changes({ entries, ...done("new", true) }, OPENLDAP, 10)).toBe("too_many_changes");
});

test("a base that cannot be read itself: nobody below it is judged one by one", async () => {
  const script = (): Answer => ({ cookie: null });
  await withAgent(script, OPENLDAP, async (session) => {
    await expect(session.changes.since(MARK, 10, false).catch(code)).resolves.toBe(
      "agent_unable_to_perform_incremental_import",
    );
  });
});

test("people identified by something else cannot be told by entryUUID", async () => {
  expect(await changes(done("new", true), OPENLDAP, 10, "uid")).toBe("server_changed");
});
