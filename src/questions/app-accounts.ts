/** What an app has: all its accounts, and those that belong to nobody here. Changes nothing. */
import { configuredApp } from "../engine/apps.ts";
import type { Engine } from "../engine/engine.ts";
import type { RemoteAccount } from "../provisioning/provisioner.ts";
import { accountsByExternalIds } from "../store/accounts.ts";
import { appState } from "../store/app-states.ts";

export interface ListedAccount extends RemoteAccount {
  /** Whose it is here; null: nobody's, as far as is known. */
  readonly login: string | null;
  readonly userId: string | null;
}

/** Every account of an app, as the app shows it now, page by page. @throws AppFailure */
export async function* appAccounts(
  engine: Engine,
  name: string,
  signal: AbortSignal,
): AsyncGenerator<ListedAccount[]> {
  configuredApp(engine.apps, name);
  const { db } = engine.store;
  const { declared, learned } = await appState(db, name);
  await using provisioner = await engine.openApp(name, {
    declared,
    learned,
    onPause: () => undefined,
  });
  for await (const page of provisioner.accounts()) {
    signal.throwIfAborted();
    const ids = page.map((one) => one.externalId);
    const known = await accountsByExternalIds(db, name, ids);
    yield page.map((one) => {
      const account = known.get(one.externalId);
      return { ...one, login: account?.login ?? null, userId: account?.userId ?? null };
    });
  }
}
