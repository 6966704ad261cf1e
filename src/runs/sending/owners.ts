/** Whose an account of the app is: what is on record, and what this push has linked since. */
import { Together } from "../../lib/together.ts";
import type { Account } from "../../model/account.ts";
import { accountsByExternalIds } from "../../store/accounts.ts";
import type { Connection } from "../../store/connection.ts";

export class Owners {
  readonly #recorded: Together<string, Account>;
  /** By the app's id, the user who has it; so that no second person gets one of them. */
  readonly #claimed = new Map<string, string>();

  /** @param app its name */
  constructor(db: Connection, app: string) {
    this.#recorded = new Together((ids: readonly string[]) => accountsByExternalIds(db, app, ids));
  }

  /** Who has an account by the record. */
  async holderOf(externalId: string): Promise<Account | null> {
    return await this.#recorded.of(externalId);
  }

  /**
   * Takes an account for a user, unless somebody else of this push has it.
   * @returns whose it is now
   */
  claim(externalId: string, userId: string): string {
    const other = this.#claimed.get(externalId);
    if (other === undefined) this.#claimed.set(externalId, userId);
    return other ?? userId;
  }

  /** How many were claimed. */
  get claims(): number {
    return this.#claimed.size;
  }

  /** What is recorded needs no other memory. Only while nothing is on its way. */
  forgetClaims(): void {
    this.#claimed.clear();
  }
}
