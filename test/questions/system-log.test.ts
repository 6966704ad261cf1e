/** The System Log: the filter language against a simple evaluator, cursors, following, retention. */
import fc from "fast-check";
import { sql } from "kysely";
import { Client } from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { uuidV7 } from "../../src/lib/uuid.ts";
import type { EventType } from "../../src/model/event-messages.ts";
import { SYSTEM_ACTOR, type EventDraft, type LogEvent } from "../../src/model/event.ts";
import { Secret } from "../../src/model/secret.ts";
import { openStore, type Store } from "../../src/store/database.ts";
import { parseLogFilter } from "../../src/store/filters/log-filter.ts";
import { thinLog } from "../../src/store/retention.ts";
import { appendEvents, queryLog, type LogQuery } from "../../src/store/system-log.ts";
import { reidentify } from "../support/reidentify.ts";
import { DATABASES, simplePerson, SIMPLE_MAPPINGS, Workplace } from "../support/rollcall.ts";

let place: Workplace;
afterEach(() => place.remove());

const TYPES: readonly EventType[] = [
  "system.import.start",
  "system.import.complete",
  "user.account.update_profile",
];
const PEOPLE = ["ada", "Bob", "zoë", 'o"brien', "back\\slash", "50 %_"];
const DIRECTORIES = ["corp", "hr", "ada"];

/** An event of everything that filters can tell apart, out of a number. */
function draft(i: number): EventDraft {
  const who = PEOPLE[i % PEOPLE.length] ?? "";
  const directory = DIRECTORIES[i % DIRECTORIES.length] ?? "";
  const failed = i % 4 === 0;
  const person = i % 5 !== 0;
  const target = (id: string, type: string, name: string) => {
    return { id, type, alternateId: name, displayName: name };
  };
  return {
    eventType: TYPES[i % TYPES.length] ?? "system.import.start",
    severity: failed ? "WARN" : "INFO",
    outcome: failed ? { result: "FAILURE", reason: `why ${i % 3}` } : { result: "SUCCESS" },
    target: [
      ...(person
        ? [target(`u-${who}`, "User", who), target(`a-${who}`, "AppUser", `uid=${who}`)]
        : []),
      target(directory, "AppInstance", directory),
    ],
    debugData: {
      AppName: directory,
      count: i % 7 === 0 ? "7" : i,
      dryRun: i % 2 === 0,
      nested: { deep: { name: who, size: i * 1.5 } },
      ...(i % 6 === 0 ? { empty: "", nothing: null } : {}),
    },
  };
}

const QUERY: LogQuery = {
  filter: null,
  since: null,
  until: null,
  words: [],
  limit: 1000,
  newestFirst: false,
  after: null,
};

async function filled(kind: "postgres" | "embedded", events: number): Promise<Store> {
  place = await Workplace.create(kind);
  const url = place.databaseUrl === null ? null : new Secret(place.databaseUrl);
  const store = await openStore({ url, directory: `${place.folder}/data` });
  const drafts = Array.from({ length: events }, (_, i) => draft(i));
  const runs = [uuidV7(), uuidV7()];
  for (let at = 0; at < drafts.length; at += 10)
    await appendEvents(
      store.db,
      runs[(at / 10) % 2] ?? "",
      SYSTEM_ACTOR,
      drafts.slice(at, at + 10),
    );
  return store;
}

/** A filter as text, and what it means: told apart from the code under test by being naive. */
interface Case {
  readonly text: string;
  readonly test: (event: LogEvent) => boolean;
}

const PATHS = [
  "eventType",
  "severity",
  "outcome.result",
  "outcome.reason",
  "actor.id",
  "target.id",
  "target.type",
  "target.alternateId",
  "target.displayName",
  "debugContext.debugData.AppName",
  "debugContext.debugData.nested.deep.name",
  "debugContext.debugData.empty",
  "debugContext.debugData.missing",
];

function textsAt(event: LogEvent, path: string): string[] {
  const values = path.split(".").reduce<unknown[]>(
    (all, name) => {
      const next = all.flatMap((one) => {
        const value = (one as Record<string, unknown> | null)?.[name];
        return Array.isArray(value) ? (value as unknown[]) : [value];
      });
      return next.filter((value) => value !== undefined && value !== null);
    },
    [event],
  );
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
}

const byCharacters = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b));
const OPERATORS: Readonly<Record<string, (a: string, b: string) => boolean>> = {
  eq: (a, b) => a === b,
  gt: (a, b) => byCharacters(a, b) > 0,
  ge: (a, b) => byCharacters(a, b) >= 0,
  lt: (a, b) => byCharacters(a, b) < 0,
  le: (a, b) => byCharacters(a, b) <= 0,
  co: (a, b) => a.includes(b),
  sw: (a, b) => a.startsWith(b),
  ew: (a, b) => a.endsWith(b),
};
const VALUES = [
  ...TYPES,
  ...PEOPLE,
  ...PEOPLE.map((one) => `u-${one}`),
  ...DIRECTORIES,
  "WARN",
  "FAILURE",
  "why 1",
  "AppInstance",
  "",
  "s",
  "e",
  "%",
];

const comparison: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom(...PATHS),
    fc.constantFrom(...Object.keys(OPERATORS), "ne", "pr"),
    fc.constantFrom(...VALUES),
  )
  .map(([path, operator, value]) => {
    if (operator === "pr")
      return {
        text: `${path} pr`,
        test: (event) => textsAt(event, path).some((one) => one !== ""),
      };
    const fits = OPERATORS[operator === "ne" ? "eq" : operator] ?? (() => false);
    const found = (event: LogEvent): boolean =>
      textsAt(event, path).some((one) => fits(one, value));
    const test = operator === "ne" ? (event: LogEvent) => !found(event) : found;
    return { text: `${path} ${operator.toUpperCase()} ${JSON.stringify(value)}`, test };
  });
const numeric: fc.Arbitrary<Case> = fc
  .tuple(
    fc.constantFrom("count", "nested.deep.size"),
    fc.constantFrom("gt", "le", "eq"),
    fc.integer({ min: -3, max: 60 }),
  )
  .map(([name, operator, number]) => {
    const value = (event: LogEvent): unknown =>
      name
        .split(".")
        .reduce<unknown>(
          (one, key) => (one as Record<string, unknown>)[key],
          event.debugContext.debugData,
        );
    const compare = {
      gt: (a: number) => a > number,
      le: (a: number) => a <= number,
      eq: (a: number) => a === number,
    }[operator];
    const test = (event: LogEvent): boolean => {
      const found = value(event);
      return typeof found === "number" && compare(found);
    };
    return { text: `debugContext.debugData.${name} ${operator} ${number}`, test };
  });
const { filter: filters } = fc.letrec<{ filter: Case }>((tie) => ({
  filter: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    comparison,
    numeric,
    fc.tuple(tie("filter"), tie("filter")).map(([a, b]) => {
      return {
        text: `(${a.text}) and ${b.text.includes(" or ") ? `(${b.text})` : b.text}`,
        test: (event: LogEvent) => a.test(event) && b.test(event),
      };
    }),
    fc.tuple(tie("filter"), tie("filter")).map(([a, b]) => {
      return {
        text: `${a.text} or ${b.text}`,
        test: (event: LogEvent) => a.test(event) || b.test(event),
      };
    }),
    tie("filter").map((a) => {
      return { text: `not (${a.text})`, test: (event: LogEvent) => !a.test(event) };
    }),
  ),
}));

describe.each(DATABASES)("on %s", (kind) => {
  test("any filter finds what it means, in both orders, a page at a time", async () => {
    await using store = await filled(kind, 60);
    const all = await queryLog(store.db, QUERY);
    expect(all).toHaveLength(60);
    await fc.assert(
      fc.asyncProperty(filters, fc.boolean(), async ({ text, test: means }, newestFirst) => {
        const filter = parseLogFilter(text);
        const expected = all.filter(means).map((event) => event.uuid);
        if (newestFirst) expected.reverse();
        const found: string[] = [];
        for (let after: string | null = null; ;) {
          const page: LogEvent[] = await queryLog(store.db, {
            ...QUERY,
            filter,
            newestFirst,
            limit: 7,
            after,
          });
          found.push(...page.map((event) => event.uuid));
          after = page.at(-1)?.uuid ?? null;
          if (page.length < 7 || after === null) break;
        }
        expect(found).toEqual(expected);
      }),
      { numRuns: kind === "postgres" ? 300 : 100 },
    );
  });

  test("events are kept for as long as is configured", async () => {
    await using store = await filled(kind, 30);
    expect(await thinLog(store, 1, 10)).toBe(0);
    const old = new Date(Date.now() - 3 * 86_400_000);
    const [first] = (
      await sql<{ id: string }>`select id from system_log order by id limit 1`.execute(store.db)
    ).rows;
    await reidentify(
      (statement) => sql.raw(statement).execute(store.db),
      { table: "system_log", column: "id" },
      first?.id ?? "",
      uuidV7(old.getTime()),
    );
    expect(await thinLog(store, 2, 10)).toBe(1);
    expect(await queryLog(store.db, QUERY)).toHaveLength(29);
  });
});

test.each([
  ['published co "2026"', 14],
  ['published gt "yesterday"', 14],
  ['published gt "2026-13-01"', 14],
  ["eventType gt 5", 14],
  ["debugContext.debugData.count co 5", 33],
  ["debugContext.debugData.dryRun gt true", 34],
  ["debugContext.debugData. eq 1", 1],
  ['eventType eq "a" and', 21],
  ['eventType eq "a" and or eventType pr', 22],
  ['not eventType eq "a" eventType', 22],
  ["debugContext.debugData.count eq 5x", 33],
])("%s is refused at position %d", (text, position) => {
  expect(() => parseLogFilter(text)).toThrow(new RegExp(`position ${position}\\b`));
});

const TWELVE = Array.from({ length: 12 }, (_, i) => simplePerson(`p${i}`)).join("");

describe("as a user", () => {
  beforeEach(async () => {
    place = await Workplace.create("postgres");
    place.configure(`directories:
  corp:
    type: ldif
    path: ${place.folder}/corp.ldif
${SIMPLE_MAPPINGS}`);
    place.file("corp.ldif", TWELVE);
    await place.run("import", "corp");
  });

  test("an event is found by its own time, and by words as they stand in names", async () => {
    const name = 'x\\\\, "JS"';
    expect(
      (
        await place.run(
          "users",
          "create",
          "js@example.org",
          "email=js@example.org",
          "firstName=J",
          "lastName=S",
        )
      ).status,
    ).toBe(0);
    const [line = ""] = (await place.run("logs", "--json", "--q", "p3@example.org")).out.split(
      "\n",
    );
    const { published, uuid } = JSON.parse(line) as LogEvent;
    const found = async (filter: string): Promise<string[]> =>
      (await place.run("logs", "--json", "--filter", filter)).out
        .split("\n")
        .filter(Boolean)
        .map((one) => (JSON.parse(one) as LogEvent).uuid);
    expect(await found(`published eq "${published}"`)).toContain(uuid);
    expect(await found(`published gt "${published}"`)).not.toContain(uuid);
    expect(await found(`published le "${published}"`)).toContain(uuid);
    expect(await found(`published ne "${published}"`)).not.toContain(uuid);
    place.file(
      "corp.ldif",
      `${TWELVE}dn: cn=${name},ou=people\nobjectClass: person\nentryUUID: js\nmail: js2@example.org\ngivenName: J\nsn: S\n\n`,
    );
    await place.run("import", "corp", "--full");
    for (const words of [`"JS"`, "x\\\\,"])
      expect((await place.run("logs", "--q", words)).out).toContain("js2@example.org");
    expect((await place.run("logs", "--q", "alternateId")).out).toBe("");
  });

  test.each([
    ["--since", "2026-02-31"],
    ["--since", "2026-11-23 (x)"],
    ["--until", "soon"],
  ])("%s %s is refused", async (...args) => {
    const { status, err } = await place.run("logs", ...args);
    expect(status).toBe(2);
    expect(err).toContain("[log.timeInvalid]");
  });

  test("pages with --sort and --after have every event once", async () => {
    const page = async (...more: string[]): Promise<string[]> =>
      (await place.run("logs", "--json", ...more)).out
        .split("\n")
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as LogEvent).uuid);
    const all = await page("--sort", "asc");
    expect(all.length).toBeGreaterThan(12);
    expect(await page("--sort", "desc")).toEqual(all.toReversed());
    expect(await page()).toEqual(all);
    for (const order of ["asc", "desc"]) {
      const paged: string[] = [];
      for (let more: string[] = []; ;) {
        const part = await page("--sort", order, "--limit", "5", ...more);
        paged.push(...part);
        if (part.length < 5) break;
        more = ["--after", part.at(-1) ?? ""];
      }
      expect(order === "asc" ? paged : paged.toReversed()).toEqual(all);
    }
    expect((await place.run("logs", "--after", "x")).status).toBe(2);
    expect((await place.run("logs", "--sort", "up")).status).toBe(2);
  });

  test("--follow misses no event that was made earlier and committed later, and prints none twice", async () => {
    const late = new Client({ connectionString: place.databaseUrl ?? "" });
    await late.connect();
    const stop = new AbortController();
    const followed = place.runWith(
      stop.signal,
      "logs",
      "--json",
      "--follow",
      "--limit",
      "1",
      "--filter",
      'eventType eq "user.lifecycle.create"',
    );
    try {
      await late.query("begin");
      await late.query(`insert into system_log (id, published, event_type, severity, outcome, actor, target, transaction_id, debug_data)
        values (rollcall_uuid_v7(), clock_timestamp(), 'user.lifecycle.create', 'INFO', 'SUCCESS', '{}', '[{"id":"late"}]', rollcall_uuid_v7(), '{}')`);
      const create = (name: string): Promise<unknown> =>
        place.run(
          "users",
          "create",
          `${name}@example.org`,
          `email=${name}@example.org`,
          "firstName=A",
          "lastName=B",
        );
      await create("early1");
      await create("early2");
      await new Promise((resolve) => setTimeout(resolve, 2500));
      await late.query("commit");
      await create("after1");
      await new Promise((resolve) => setTimeout(resolve, 2500));
    } finally {
      stop.abort();
      await late.end();
    }
    const { out, status } = await followed;
    const events = out
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as LogEvent);
    expect(status).toBe(0);
    expect(events.map((event) => event.target[0]?.alternateId ?? event.target[0]?.id)).toEqual([
      "late",
      "early1@example.org",
      "early2@example.org",
      "after1@example.org",
    ]);
  });
});
