import { IdSet } from "../../lib/id-set.ts";
import type { Problem } from "../../model/errors.ts";
import type { PlannedChange } from "../../model/plan.ts";
import { loginKey } from "../../model/user.ts";
import { failPlanned } from "../../reconciler/decide-failure.ts";
import { oneProblem, type Known } from "../../reconciler/decide.ts";
import { loginTaken, valueTaken } from "../../reconciler/taken.ts";
import type { Connection } from "../../store/connection.ts";
import { holdersOfValues } from "../../store/unique-values.ts";
import { usersByValue } from "../../store/users.ts";

export interface Decided {
  readonly planned: PlannedChange;
  readonly known: Known;
}

/** What somebody claims: a login, or a value of a unique attribute. */
interface ValueClaim {
  readonly attribute: string;
  readonly value: string;
}

/**
 * Logins and unique values in a preview, which has no plan to look them up in: one is taken if a user
 * has it, or if somebody claimed it before. Who exchanges them with another is therefore shown as
 * failing, which a run resolves.
 */
export class PreviewClaims {
  readonly #db: Connection;
  readonly #directory: string;
  readonly #unique: readonly string[];
  readonly #claimed = new IdSet();

  constructor(db: Connection, directory: string, unique: readonly string[]) {
    this.#db = db;
    this.#directory = directory;
    this.#unique = unique;
  }

  /** The decisions about a batch, with those that cannot be carried out as failures. */
  async judge(batch: readonly Decided[]): Promise<PlannedChange[]> {
    const claims = batch.map((one) => this.#claimsOf(one));
    const holders = await this.#holders(claims.flat());
    return batch.map(({ planned, known }, i) => {
      const problems = (claims[i] ?? []).flatMap((claim) => {
        const key = keyOf(claim);
        const holder = holders.get(key);
        const taken = holder !== undefined && holder.id !== known.user?.id;
        const claimedBefore = !this.#claimed.add(key);
        if (!taken && !claimedBefore) return [];
        return [problemOf(claim, taken ? holder.login : "another person of this preview")];
      });
      const problem = oneProblem(problems);
      return problem === null ? planned : failPlanned(this.#directory, planned, problem, known);
    });
  }

  #claimsOf({ planned, known }: Decided): ValueClaim[] {
    const { user } = planned;
    if (planned.error !== null || user === null) return [];
    const login = planned.claimsLogin ? [{ attribute: LOGIN, value: user.login }] : [];
    const values = this.#unique.flatMap((attribute) => {
      const [before, after] = [known.user?.profile[attribute], user.profile[attribute]];
      if (after === undefined || after === "" || String(after) === String(before)) return [];
      return [{ attribute, value: String(after) }];
    });
    return [...login, ...values];
  }

  async #holders(
    claims: readonly ValueClaim[],
  ): Promise<ReadonlyMap<string, { readonly id: string; readonly login: string }>> {
    const holders = new Map<string, { readonly id: string; readonly login: string }>();
    for (const [attribute, asked] of Map.groupBy(claims, (one) => one.attribute)) {
      const values = asked.map((one) => one.value);
      const found =
        attribute === LOGIN
          ? (await usersByValue(this.#db, LOGIN, values.map(loginKey))).map(({ value, user }) => ({
              value,
              ...user,
            }))
          : await holdersOfValues(this.#db, attribute, values);
      for (const { value, id, login } of found)
        holders.set(keyOf({ attribute, value }), { id, login });
    }
    return holders;
  }
}

const LOGIN = "login";

function keyOf({ attribute, value }: ValueClaim): string {
  return `${attribute} ${attribute === LOGIN ? loginKey(value) : value.toLowerCase()}`;
}

function problemOf({ attribute, value }: ValueClaim, holder: string): Problem {
  return attribute === LOGIN
    ? loginTaken({ login: value, holder })
    : valueTaken({ attribute, value, holder });
}
