/**
 * Two configurations compared over everybody: what each would make of the same people, without
 * either being put to work. Both decide from the stored app profiles.
 */
import { LinkedUsers } from "../../engine/people/linked-users.ts";
import { configuredDirectory } from "../../engine/directories.ts";
import type { Engine } from "../../engine/engine.ts";
import { loadKnown } from "../../engine/people/known.ts";
import { storedPeople, type SightingBatch } from "../../engine/people/sightings.ts";
import { Breath } from "../../lib/breath.ts";
import { sameJson } from "../../lib/same.ts";
import { RollcallError, type Problem } from "../../model/errors.ts";
import type { PlannedChange } from "../../model/plan.ts";
import type { ReportProgress } from "../../model/asked-by.ts";
import type { ProfileValue, UserProfile } from "../../model/user.ts";
import type { Known } from "../../reconciler/decide.ts";
import type { DirectoryRules } from "../../reconciler/rules.ts";
import { countPresent, findAppUser } from "../../store/app-users.ts";
import { decideBatch } from "./decide-batch.ts";
import { PreviewClaims } from "./claims.ts";
import { Tally, type Counted } from "./tally.ts";

type Example = { dn: string; from: unknown; to: unknown };
type FailureExample = { dn: string; field: string; message: string };

export interface DirectoryDiff {
  readonly directory: string;
  readonly people: number;
  /** People of whom the two make something different. */
  readonly different: number;
  /** By attribute: what the first gives, and what the second. */
  readonly attributes: Counted<Example>;
  /** Statuses of users, created users among them (from null). */
  readonly statuses: Counted<Example>;
  /** People who fail only with the second, by code; and only with the first. */
  readonly failures: Counted<FailureExample>;
  readonly cured: Counted<FailureExample>;
}

export interface ConfigurationDiff {
  readonly other: string;
  readonly directories: readonly DirectoryDiff[];
  /** Directories that only one of the two has; nobody of theirs is compared. */
  readonly missing: readonly { readonly directory: string; readonly in: "this" | "other" }[];
}

export interface DiffRequest {
  /** Only this directory; null: all that both have. */
  readonly directory: string | null;
  /** Only one person of it. */
  readonly who: string | null;
  readonly signal: AbortSignal;
  readonly progress: ReportProgress;
}

export async function previewDiff(
  engine: Engine,
  other: { readonly file: string; readonly engine: Engine },
  request: DiffRequest,
): Promise<ConfigurationDiff> {
  const [mine, theirs] = [engine, other.engine].map((one) => [...one.rules.directories.keys()]) as [
    string[],
    string[],
  ];
  const wanted =
    request.directory === null ? mine : [configuredDirectory(engine, request.directory).name];
  const common = wanted.filter((name) => theirs.includes(name));
  const directories: DirectoryDiff[] = [];
  for (const name of common) {
    const ids = await chosen(engine, name, request.who);
    if (ids === null || ids.length > 0)
      directories.push(await diffDirectory(engine, other.engine, name, { ...request, ids }));
  }
  if (request.who !== null && directories.length === 0) {
    const message = `None of ${common.join(", ")} has imported anybody with the login, external id or DN ${request.who}.`;
    throw new RollcallError("user.notFound", message);
  }
  const missing = [
    ...theirs
      .filter((name) => !mine.includes(name))
      .map((name) => ({ directory: name, in: "this" }) as const),
    ...wanted
      .filter((name) => !theirs.includes(name))
      .map((name) => ({ directory: name, in: "other" }) as const),
  ];
  return { other: other.file, directories, missing };
}

/** The app users of one person in a directory: one, or none; null: everybody. */
async function chosen(engine: Engine, name: string, who: string | null): Promise<string[] | null> {
  if (who === null) return null;
  const appUser = await findAppUser(engine.store.db, name, who);
  return appUser === null ? [] : [appUser.externalId];
}

async function diffDirectory(
  first: Engine,
  second: Engine,
  name: string,
  { ids, signal, progress }: DiffRequest & { readonly ids: readonly string[] | null },
): Promise<DirectoryDiff> {
  const { own } = await countPresent(first.store.db, name);
  const now = Date.now();
  const breath = new Breath(signal);
  const sides = [new Side(first, name, now, breath), new Side(second, name, now, breath)] as const;
  const tallies = new Tallies();
  for await (const batch of storedPeople(first, name, ids, signal)) {
    const [mine, theirs] = [await sides[0].decide(batch), await sides[1].decide(batch)];
    for (const [i, { dn }] of batch.sightings.entries()) {
      const [first, second] = [mine[i], theirs[i]];
      if (first !== undefined && second !== undefined) tallies.add(dn, first, second);
    }
    progress({ directory: name, phase: "reading", done: tallies.people, total: own });
  }
  return { directory: name, ...tallies.result() };
}

/** One of the two configurations, with what it knows about a batch of people. */
class Side {
  readonly #engine: Engine;
  readonly #directory: DirectoryRules;
  readonly #now: number;
  readonly #breath: Breath;
  readonly #linked = new LinkedUsers();
  readonly #claims: PreviewClaims;

  constructor(engine: Engine, name: string, now: number, breath: Breath) {
    this.#breath = breath;
    this.#engine = engine;
    this.#directory = configuredDirectory(engine, name).rules;
    this.#now = now;
    this.#claims = new PreviewClaims(engine.store.db, name, engine.rules.unique);
  }

  /** What becomes of the people of a batch, in their order. */
  async decide(batch: SightingBatch): Promise<Outcome[]> {
    const directory = this.#directory;
    const { rules } = this.#engine;
    const people = await loadKnown(this.#engine, this.#now, {
      ...batch,
      directory,
      linked: this.#linked,
    });
    const context = { rules, directory };
    const decided = await decideBatch(context, batch.sightings, people, this.#breath);
    const judged = await this.#claims.judge(decided);
    return decided.map(({ planned, known }, i) => outcomeOf(judged[i] ?? planned, known));
  }
}

/** What becomes of a person. */
interface Outcome {
  readonly profile: UserProfile;
  /** Null if there is no user. */
  readonly status: string | null;
  readonly error: Problem | null;
}

function outcomeOf(planned: PlannedChange, { user }: Known): Outcome {
  const profile = planned.user?.profile ?? user?.profile ?? {};
  return { profile, status: planned.user?.status ?? user?.status ?? null, error: planned.error };
}

class Tallies {
  readonly #attributes = new Tally<Example>();
  readonly #statuses = new Tally<Example>();
  readonly #failures = new Tally<FailureExample>();
  readonly #cured = new Tally<FailureExample>();
  people = 0;
  #different = 0;

  add(dn: string, first: Outcome, second: Outcome): void {
    this.people++;
    let different = false;
    const names = new Set([...Object.keys(first.profile), ...Object.keys(second.profile)]);
    for (const name of names) {
      const [from, to] = [first, second].map(({ profile }) => profile[name] ?? null) as [
        ProfileValue | null,
        ProfileValue | null,
      ];
      if (sameJson(from, to)) continue;
      different = true;
      this.#attributes.add(name, { dn, from, to });
    }
    if (first.status !== second.status) {
      different = true;
      const change = `${first.status ?? "no user"} → ${second.status ?? "no user"}`;
      this.#statuses.add(change, { dn, from: first.status, to: second.status });
    }
    if (this.#addFailures(dn, first.error, second.error)) different = true;
    if (different) this.#different++;
  }

  #addFailures(dn: string, first: Problem | null, second: Problem | null): boolean {
    if (first?.code === second?.code && first?.field === second?.field) return false;
    if (first !== null)
      this.#cured.add(first.code, { dn, field: first.field, message: first.message });
    if (second !== null)
      this.#failures.add(second.code, { dn, field: second.field, message: second.message });
    return true;
  }

  result(): Omit<DirectoryDiff, "directory"> {
    return {
      people: this.people,
      different: this.#different,
      attributes: this.#attributes.result(),
      statuses: this.#statuses.result(),
      failures: this.#failures.result(),
      cured: this.#cured.result(),
    };
  }
}
