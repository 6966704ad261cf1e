/**
 * What is wrong now, worst first: everything that stops people from being kept up to date, and what
 * soon will. Looks at what is stored and asks every directory whether it can be read; changes
 * nothing.
 */
import { loginKey } from "../model/user.ts";
import type { Probe } from "../agent/directory.ts";
import { formerDirectories } from "../engine/directories.ts";
import { stateOf } from "../engine/directory-state.ts";
import { mayBeEmpty } from "../model/directory.ts";
import type { DirectoryState } from "../model/directory-state.ts";
import { oldestOf, type Counting } from "../engine/counts.ts";
import type { Engine } from "../engine/engine.ts";
import { mappingVersion } from "../engine/fingerprint.ts";
import { longestPause } from "../lib/cron.ts";
import { count } from "../lib/lines.ts";
import type { Mapping } from "../mapping/mapping.ts";
import { asRollcallError, cureOf } from "../model/errors.ts";
import type { Finding, FindingSeverity } from "../model/finding.ts";
import type { Remedy } from "../model/remedy.ts";
import type { DirectorySettings } from "../model/settings.ts";
import type { Rules } from "../reconciler/rules.ts";
import { countPresent } from "../store/app-users.ts";
import { countOutdated } from "../store/mapped.ts";
import { loginsBeyondAscii } from "../store/users.ts";
import { tableSizes } from "../store/metrics.ts";
import { doubledValues, foldsLetters } from "../store/unique-values.ts";
import { countUnmatched } from "../store/unmatched.ts";
import { appFindings } from "./app-findings.ts";
import { listFailing } from "./failing.ts";
import { connectionRisks } from "./security.ts";
import { countSourced, type Sourced } from "./sources.ts";
import { withoutValue } from "./without-value.ts";
import { hookFindings } from "./hook-findings.ts";
import { linkFindings } from "./link-findings.ts";

const ORDER: readonly FindingSeverity[] = ["error", "warning", "info"];
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** Nobody renews a certificate on its last day. */
const CERTIFICATE_DAYS = 30;

/** @param now milliseconds since 1970 */
export async function examine(
  engineOfNow: Engine,
  now: number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  const times: (Date | null)[] = [];
  const engine = { ...engineOfNow, counts: noting(engineOfNow.counts, times) };
  const sourced = await countSourced(engine);
  for (const [name, settings] of engine.directories) {
    signal.throwIfAborted();
    const state = await stateOf(engine, name);
    findings.push(
      ...runFindings(name, state),
      ...ageFindings(name, settings, state, now),
      ...(await askFindings(engine, name, now, signal)),
      ...(await mappingFindings(engine, name, sourced)),
      ...(await peopleFindings(engine, name)),
      ...(await linkFindings(engine, name)),
      ...connectionRisks(settings.source).map((message) => risk(name, message)),
    );
  }
  findings.push(
    ...beginnerFindings(engine),
    ...engine.exposures.map((message) => risk(null, message)),
    ...overrideFindings(engine),
    ...(await formerFindings(engine)),
    ...(await doubleFindings(engine)),
    ...(await letterFindings(engine)),
    ...(await spellingFindings(engine)),
    ...(await appFindings(engine, now, signal)),
    ...(await hookFindings(engine)),
    ...(await sizeFindings(engine)),
    ...oldFindings(oldestOf(times)),
  );
  return findings.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
}

/** Where the first directory may come by the console, there may be none. */
function beginnerFindings({ directories }: Engine): Finding[] {
  if (directories.size > 0) return [];
  const message = "The configuration has no directory, so nobody is read.";
  return [{ severity: "warning", directory: null, message, remedy: { kind: "addDirectory" } }];
}

/** The same counts, with a note of when those were made that are not as of now. */
function noting(counts: Counting, times: (Date | null)[]): Counting {
  return {
    of: async (name, count, exactly) => {
      const counted = await counts.of(name, count, exactly);
      times.push(counted.since);
      return counted;
    },
  };
}

function risk(directory: string | null, message: string): Finding {
  const sentence = `${message.slice(0, 1).toUpperCase()}${message.slice(1)}.`;
  return { severity: "warning", directory, message: sentence, remedy: null };
}

/** Held, failed and interrupted runs, and imports that fell back to reading everybody. */
function runFindings(
  directory: string,
  { checkpoint, last, held, interrupted }: DirectoryState,
): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: FindingSeverity, message: string, remedy: Remedy): void => {
    findings.push({ severity, directory, message, remedy });
  };
  if (held !== null) {
    const why = held.held?.reason ?? "The safeguard holds it.";
    const what = held.kind === "import" ? "An import" : "A run";
    add("error", `${what} is held since ${held.startedAt}: ${why}`, {
      kind: "showRun",
      run: held.id,
      counted: true,
    });
  }
  if (last?.status === "failed" && last.error !== null) {
    const { code, message } = last.error;
    add("error", `The last import failed (${code}): ${message} ${cureOf(code)}`, {
      kind: "showRun",
      run: last.id,
    });
  }
  if (interrupted !== null)
    add("error", "A run was interrupted, and nobody finishes it.", {
      kind: "resumeRun",
      run: interrupted.id,
    });
  if (checkpoint !== null && checkpoint.fullReason !== null)
    add("info", `The next import reads everybody: ${checkpoint.fullReason}`, {
      kind: "import",
      directory,
      how: "full",
    });
  if (last?.converted != null && last.status === "done") {
    const { code, reason } = last.converted;
    add("info", `The last incremental import had to read everybody (${code}): ${reason}`, {
      kind: "showRun",
      run: last.id,
    });
  }
  return findings;
}

function ageFindings(
  directory: string,
  { schedule }: DirectorySettings,
  { checkpoint, last }: DirectoryState,
  now: number,
): Finding[] {
  const remedy: Remedy = { kind: "import", directory };
  if (checkpoint === null) {
    const message = "It was never imported whole.";
    return last === null ? [{ severity: "warning", directory, message, remedy }] : [];
  }
  const { incremental, full, timezone } = schedule;
  const late = (what: string, at: Date, pauses: readonly number[]): Finding[] => {
    const longest = Math.min(...pauses);
    const age = now - at.getTime();
    // One import may be missed, for a busy server; two are a pattern.
    if (pauses.length === 0 || age <= longest + Math.min(longest, DAY) + HOUR) return [];
    const message = `The last ${what} that was applied whole began ${at.toISOString()}, which is longer ago than its schedule allows. Does the daemon run?`;
    return [{ severity: "error", directory, message, remedy }];
  };
  const pauseOf = (cron: string | null): number[] =>
    cron === null ? [] : [longestPause(cron, timezone)];
  if (incremental === null && full === null) {
    if (now - checkpoint.readAt.getTime() < 7 * DAY) return [];
    const message = `The last import that was applied whole began ${checkpoint.readAt.toISOString()}, and it has no schedule.`;
    return [{ severity: "warning", directory, message, remedy }];
  }
  const any = late("import", checkpoint.readAt, [...pauseOf(incremental), ...pauseOf(full)]);
  return any.length > 0 ? any : late("full import", checkpoint.fullAt, pauseOf(full));
}

/** Whether it can be read now, and for how long its certificate is good. */
async function askFindings(
  engine: Engine,
  directory: string,
  now: number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const source = engine.directories.get(directory)?.source;
  try {
    const probe = await (await engine.openDirectory(directory)).probe(signal);
    if (!probe.hasPeople && source !== undefined && !mayBeEmpty(source)) {
      const message = `Nobody is in the scope now: ${source.users.filter}. ${cureOf("directory.empty")}`;
      return [{ severity: "error", directory, message, remedy: { kind: "check" } }];
    }
    const silent = probe.silent.map((reason): Finding => {
      const message = `One of its servers cannot be used: ${reason}`;
      return { severity: "warning", directory, message, remedy: { kind: "check" } };
    });
    return [...silent, ...probe.certificates.flatMap((one) => expiring(directory, one, now))];
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const { code, message, cure } = asRollcallError(thrown);
    const told = `It cannot be read now (${code}): ${message} ${cure}`;
    return [{ severity: "error", directory, message: told, remedy: { kind: "check" } }];
  }
}

function expiring(
  directory: string,
  { url, until }: Probe["certificates"][number],
  now: number,
): Finding[] {
  const days = Math.floor((until.getTime() - now) / DAY);
  if (days >= CERTIFICATE_DAYS) return [];
  const severity = days < 7 ? "error" : "warning";
  const left = days < 0 ? "has expired" : `expires in ${count(days, "day", "days")}`;
  const message = `The certificate of ${url} ${left}, at ${until.toISOString()}.`;
  return [{ severity, directory, message, remedy: null }];
}

/** Mappings that give nobody a value, and people who were mapped with older ones. */
async function mappingFindings(
  engine: Engine,
  directory: string,
  sourced: Sourced,
): Promise<Finding[]> {
  const { counts, rules, store } = engine;
  const findings: Finding[] = [];
  const version = mappingVersion(engine.fingerprintOf(directory));
  const { value: outdated } = await counts.of(`outdated ${version} in ${directory}`, () =>
    countOutdated(store.db, directory, version),
  );
  const failing = await listFailing(engine, { directory, code: null }, 0);
  // What was not applied yet, or fails, may be given all the same.
  const isSettled = outdated === 0 && failing.length === 0;
  for (const mapping of rules.directories.get(directory)?.mappings.values() ?? []) {
    if (!givesNobody(rules, directory, mapping, sourced)) continue;
    const { attribute, expression } = mapping;
    const names = [...new Set(expression.reads.map((read) => read.attribute.toLowerCase()))];
    const missing = isSettled ? names : await withoutValue(engine, directory, names);
    if (missing.length < names.length) continue;
    const message = `The mapping of ${attribute} gives nobody a value.`;
    findings.push({
      severity: "warning",
      directory,
      message,
      remedy: { kind: "preview", directory, attribute },
    });
  }
  if (outdated > 0) {
    const message = `${count(outdated, "app profile was", "app profiles were")} last mapped with an older version of the configuration.`;
    findings.push({
      severity: "warning",
      directory,
      message,
      remedy: { kind: "forceSync", directory },
    });
  }
  return findings;
}

/** Whether a mapping is the only one that is asked for its attribute, and nobody has a value of it. */
function givesNobody(
  rules: Rules,
  directory: string,
  { attribute, apply, expression }: Mapping,
  { attributes, users }: Sourced,
): boolean {
  // One that reads nothing is meant to give the same to everybody, and be it nothing.
  if (expression.reads.length === 0 || apply === "create") return false;
  const isSource = (users.find((one) => one.directory === directory)?.sourced ?? 0) > 0;
  const order = rules.overrides.get(attribute);
  const asked = order === undefined ? isSource : order !== "okta" && order[0] === directory;
  // Where the next source may give it, nobody is left without.
  if (!asked || rules.fallback.has(attribute)) return false;
  return !attributes.some((one) => one.source === directory && one.attribute === attribute);
}

/** People who fail, and entries that belong to nobody. */
async function peopleFindings(engine: Engine, directory: string): Promise<Finding[]> {
  const { counts, store } = engine;
  const { db } = store;
  const findings: Finding[] = [];
  const present = await counts.of(`present in ${directory}`, () => countPresent(db, directory));
  const { own } = present.value;
  const causes = await listFailing(engine, { directory, code: null }, 0);
  const failing = causes.reduce((sum, cause) => sum + cause.people, 0);
  if (failing > 0) {
    const [most] = causes;
    const since = most?.since == null ? "" : ` since ${most.since}`;
    const message = `${count(failing, "person fails", "people fail")} of ${own.toLocaleString("en-US")}, most with ${most?.code ?? ""} (${most?.field ?? ""})${since}.`;
    findings.push({
      severity: failing * 10 > own ? "error" : "warning",
      directory,
      message,
      remedy: { kind: "listFailing", directory },
    });
  }
  const { value: unmatched } = await counts.of(`unmatched in ${directory}`, () =>
    countUnmatched(db, directory),
  );
  if (unmatched > 0) {
    const message = `${count(unmatched, "entry belongs", "entries belong")} to no user.`;
    findings.push({
      severity: "info",
      directory,
      message,
      remedy: { kind: "listUnmatched", directory },
    });
  }
  return findings;
}

/** An override whose directories do not map the attribute keeps it empty for ever. */
function overrideFindings({ rules, directories }: Engine): Finding[] {
  return [...rules.overrides].flatMap(([attribute, order]) => {
    if (order === "okta") return [];
    const [first = ""] = order;
    const maps = (name: string): boolean =>
      directories.get(name)?.toOkta.has(attribute) === true ||
      rules.directories.get(name)?.mappings.has(attribute) === true;
    if (maps(first) || (rules.fallback.has(attribute) && order.some(maps))) return [];
    const message = `profile.overrides gives ${attribute} to ${order.join(", ")}, but ${first} has no mapping of it.`;
    return [
      { severity: "warning", directory: first, message, remedy: { kind: "sources" } } as const,
    ];
  });
}

/** Values that users had before the attribute became unique. */
async function doubleFindings({ store, rules }: Engine): Promise<Finding[]> {
  const doubled = await doubledValues(store.db, rules.unique);
  return doubled.map(({ attribute, users, example }) => {
    const message = `${attribute} is unique, but ${users.toLocaleString("en-US")} users have had the same value as another since before, such as ${JSON.stringify(example)}.`;
    return {
      severity: "warning",
      directory: null,
      message,
      remedy: { kind: "exportUsers", columns: ["login", attribute] } as const,
    };
  });
}

/** Values are compared without case, by what the database takes for letters. */
async function letterFindings({ store, rules }: Engine): Promise<Finding[]> {
  const compares =
    rules.unique.length > 0 ||
    [...rules.directories.values()].some((one) => one.matching.length > 0);
  if (!compares || (await foldsLetters(store.db))) return [];
  const message =
    "The database tells small from capital letters in ASCII only (its character type is C), so matching rules and unique attributes take Ä and ä for different values. A database with another LC_CTYPE, such as C.UTF-8, does not.";
  return [{ severity: "warning", directory: null, message, remedy: null }];
}

/** Users whose login is another's in another spelling, from before logins were compared so. */
async function spellingFindings({ store }: Engine): Promise<Finding[]> {
  const all = await loginsBeyondAscii(store.db);
  return all
    .filter(({ login, key }) => loginKey(login) !== key)
    .map(({ login }) => {
      const message = `The login ${login} is that of another user in another spelling, so updates of this one fail. Give one of them another login, or deactivate and delete it.`;
      return { severity: "error", directory: null, message, remedy: null };
    });
}

const MEBIBYTE = 1024 * 1024;
const LARGEST = 4;

/** Where the database's space goes; what grows with time is bounded by `history`. */
async function sizeFindings({ store, retention }: Engine): Promise<Finding[]> {
  const tables = await tableSizes(store.db);
  const all = tables.reduce((sum, { bytes }) => sum + bytes, 0);
  const words = tables
    .slice(0, LARGEST)
    .map(({ table, bytes }) => `${table} ${mebibytes(bytes)}`)
    .join(", ");
  const { undoDays, runDays, logDays } = retention;
  const message = `The database takes ${mebibytes(all)} (${words}). Images for putting runs back are kept ${undoDays} days, histories ${runDays}, events ${logDays} (history).`;
  return [{ severity: "info", directory: null, message, remedy: null }];
}

function mebibytes(bytes: number): string {
  const size = bytes / MEBIBYTE;
  return `${size.toLocaleString("en-US", { maximumFractionDigits: size < 10 ? 1 : 0 })} MiB`;
}

/** Of very many people, counts are those of a while ago. */
function oldFindings(since: Date | null): Finding[] {
  if (since === null) return [];
  const message = `People were counted at ${since.toISOString()}; what changed since is not in these findings yet, and is being counted.`;
  return [{ severity: "info", directory: null, message, remedy: null }];
}

async function formerFindings(engine: Engine): Promise<Finding[]> {
  return (await formerDirectories(engine)).map(({ directory, people }) => {
    const message = `It is not in the configuration any more, and ${count(people, "person is", "people are")} still linked to it.`;
    return {
      severity: "warning",
      directory,
      message,
      remedy: { kind: "forceSync", directory, dryRun: true } as const,
    };
  });
}
