import { IdSet } from "../lib/id-set.ts";
import type { PlannedChange } from "../model/plan.ts";
import { loginKey } from "../model/user.ts";
import { failPlanned } from "../reconciler/decide-failure.ts";
import type { Known } from "../reconciler/decide.ts";
import { claimsLogin } from "../reconciler/writes.ts";
import type { Connection } from "../store/database.ts";
import { usersByValue } from "../store/users.ts";
import { loginTaken } from "./resolve-logins.ts";

export interface Decided {
  readonly planned: PlannedChange;
  readonly known: Known;
}

/**
 * Logins in a preview, which has no plan to look them up in: a login is taken if a user has it, or
 * if somebody claimed it before. Who exchanges logins with another is therefore shown as failing,
 * which a run resolves.
 */
export class LoginClaims {
  readonly #db: Connection;
  readonly #directory: string;
  readonly #claimed = new IdSet(Date.now());

  constructor(db: Connection, directory: string) {
    this.#db = db;
    this.#directory = directory;
  }

  /** The decisions about a batch, with those that cannot be carried out as failures. */
  async judge(batch: readonly Decided[]): Promise<PlannedChange[]> {
    const keys = batch.map(({ planned, known }) => {
      const claims = planned.error === null && claimsLogin(planned, known.user);
      return claims ? loginKey(planned.user?.login ?? "") : null;
    });
    const wanted = keys.filter((key) => key !== null);
    const holders = new Map(
      (await usersByValue(this.#db, "login", wanted)).map(({ value, user }) => [value, user]),
    );
    return batch.map(({ planned, known }, i) => {
      const key = keys[i] ?? null;
      if (key === null) return planned;
      const holder = holders.get(key);
      const taken = holder !== undefined && holder.id !== known.user?.id;
      const claimedBefore = !this.#claimed.add(key);
      if (!taken && !claimedBefore) return planned;
      const by = taken ? holder.login : "another person of this preview";
      const problem = loginTaken({ login: planned.user?.login ?? null, holder: by });
      return failPlanned(this.#directory, planned, problem, known);
    });
  }
}
