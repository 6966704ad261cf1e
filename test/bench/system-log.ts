/**
 * How fast the System Log answers: filters by type, target, run and time over ten million events,
 * asked through the same code as `rollcall logs`. Prints JSON.
 *
 *   EVENTS=10000000 node test/bench/system-log.ts
 *
 * The events lie over 90 days, of half a million people in two directories and a rare third one.
 * Every question is asked several times; medians count. A filter without an index is there for
 * comparison, over the week that `logs` looks at by default.
 */
import { performance } from "node:perf_hooks";
import { Secret } from "../../src/model/secret.ts";
import { openStore } from "../../src/store/database.ts";
import { parseLogFilter } from "../../src/store/filters/log-filter.ts";
import { queryLog } from "../../src/store/system-log.ts";
import { startPostgres } from "../support/postgres.ts";

const EVENTS = Number(process.env["EVENTS"] ?? 10_000_000);
const ROUNDS = 7;
const PEOPLE = Math.max(1, Math.floor(EVENTS / 20));
const SLICE = 500_000;
const NOW = Date.now();
const DAYS = 90;

export interface LogFigures {
  readonly events: number;
  readonly megabytes: number;
  readonly questions: readonly {
    readonly question: string;
    readonly found: number;
    readonly milliseconds: number;
  }[];
}

/** Events from one number to before another, with identifiers in the order of their times. */
function slice(from: number, to: number): string {
  const step = (DAYS * 86_400_000) / EVENTS;
  const start = NOW - DAYS * 86_400_000;
  return `insert into system_log (id, published, event_type, severity, outcome, reason, actor, target, transaction_id, debug_data)
    select (substr(hex, 1, 8) || '-' || substr(hex, 9, 4) || '-7' || substr(md5(i::text), 1, 3) || '-8' || substr(md5(i::text), 4, 3)
        || '-' || substr(md5(i::text), 7, 12))::uuid,
      to_timestamp(ms / 1000.0), type, case when failed then 'WARN' else 'INFO' end,
      case when failed then 'FAILURE' else 'SUCCESS' end, case when failed then 'violation: locale' end,
      '{"id":"rollcall","type":"SystemPrincipal","alternateId":"system@rollcall","displayName":"Rollcall"}',
      jsonb_build_array(
        jsonb_build_object('id', md5('u' || who), 'type', 'User', 'alternateId', 'person' || who || '@example.org', 'displayName', 'person' || who || '@example.org'),
        jsonb_build_object('id', md5('a' || who), 'type', 'AppUser', 'alternateId', 'uid=person' || who || ',ou=people,dc=example,dc=org', 'displayName', 'uid=person' || who || ',ou=people,dc=example,dc=org'),
        jsonb_build_object('id', directory, 'type', 'AppInstance', 'alternateId', directory, 'displayName', directory)),
      md5('run' || (i / 1000))::uuid,
      jsonb_build_object('attributes', 'title,department', 'sources', directory)
    from (
      select i, (i * 7919::bigint) % ${PEOPLE} as who, ms, lpad(to_hex(ms), 12, '0') as hex, i % 20 = 0 as failed,
        case when i % 40000 = 3 then 'system.import.roadblock' when i % 20 = 0 then 'app.user_management.update_from_master_failed'
          when i % 3 = 0 then 'system.import.user.update' else 'user.account.update_profile' end as type,
        case when i % 33000 = 5 then 'rare' when i % 4 = 0 then 'hr' else 'corp' end as directory
      from (select i, (${start} + i * ${step})::bigint as ms from generate_series(${from}::bigint, ${to - 1}::bigint) i) x
    ) y`;
}

const WEEK = new Date(NOW - 7 * 86_400_000);
const middle = (hours: number): string =>
  new Date(NOW - 45 * 86_400_000 + hours * 3_600_000).toISOString();
const QUESTIONS: readonly { readonly filter: string; readonly since: Date | null }[] = [
  { filter: 'eventType eq "app.user_management.update_from_master_failed"', since: null },
  { filter: 'eventType eq "system.import.roadblock"', since: null },
  { filter: 'eventType eq "user.lifecycle.deactivate"', since: null },
  { filter: 'target.alternateId eq "person4711@example.org"', since: null },
  { filter: 'target.id eq "nobody"', since: null },
  { filter: 'target.id eq "corp"', since: null },
  { filter: 'target.id eq "rare"', since: null },
  {
    filter: 'target.alternateId eq "person4711@example.org" and outcome.result eq "FAILURE"',
    since: null,
  },
  { filter: `published ge "${middle(0)}" and published lt "${middle(1)}"`, since: null },
  { filter: `published ge "${middle(0)}" and eventType eq "system.import.roadblock"`, since: null },
  { filter: "transaction.id eq RUN", since: null },
  { filter: 'debugContext.debugData.attributes eq "nothing"', since: WEEK },
];

const postgres = await startPostgres({ durable: true });
try {
  const url = postgres.createDatabase("log");
  await using store = await openStore({ url: new Secret(url), directory: "" });
  const indexes = postgres
    .psql(
      "log",
      "select indexdef from pg_indexes where tablename = 'system_log' and indexname <> 'system_log_pkey'",
    )
    .trim();
  const names = postgres
    .psql(
      "log",
      "select string_agg(indexname, ', ') from pg_indexes where tablename = 'system_log' and indexname <> 'system_log_pkey'",
    )
    .trim();
  postgres.psql("log", `drop index ${names}; set maintenance_work_mem = '512MB'`);
  for (let from = 0; from < EVENTS; from += SLICE) {
    postgres.psql("log", slice(from, Math.min(from + SLICE, EVENTS)));
    process.stderr.write(`  ${Math.min(from + SLICE, EVENTS).toLocaleString("en-US")} events\n`);
  }
  for (const index of indexes.split("\n"))
    postgres.psql("log", `set maintenance_work_mem = '1GB'; ${index}`);
  postgres.psql("log", "vacuum analyze system_log");
  const run = postgres
    .psql("log", "select transaction_id from system_log order by id offset 5000 limit 1")
    .trim();
  const size = postgres.psql("log", "select pg_total_relation_size('system_log') / 1048576");
  const questions: { question: string; found: number; milliseconds: number }[] = [];
  for (const { filter, since } of QUESTIONS) {
    const question = filter.replace("RUN", `"${run}"`);
    const query = {
      filter: parseLogFilter(question),
      since,
      until: null,
      words: [],
      limit: 100,
      newestFirst: true,
      after: null,
    };
    const times: number[] = [];
    let found = 0;
    for (let i = 0; i < ROUNDS; i++) {
      const started = performance.now();
      found = (await queryLog(store.db, query)).length;
      times.push(performance.now() - started);
    }
    const milliseconds = times.toSorted((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0;
    questions.push({
      question: since === null ? question : `${question} (last week)`,
      found,
      milliseconds,
    });
  }
  const figures: LogFigures = { events: EVENTS, megabytes: Number(size), questions };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  await postgres.stop();
}
