/** What is wrong with apps now: paused, held, failing, waiting, not reachable, unknown accounts. */
import type { Engine } from "../engine/engine.ts";
import { count } from "../lib/lines.ts";
import type { Finding, FindingSeverity } from "../model/finding.ts";
import type { Remedy } from "../model/remedy.ts";
import { asRollcallError, cureOf } from "../model/errors.ts";
import type { AppRules } from "../reconciler/app-rules.ts";
import { accountTotals, appsWithAccounts, countLinked } from "../store/accounts.ts";
import { appState } from "../store/app-states.ts";
import { listPushes } from "../store/pushes.ts";
import { countTasks } from "../store/tasks.ts";

const HOUR = 3_600_000;

/** @param now milliseconds since 1970 */
export async function appFindings(
  engine: Engine,
  now: number,
  signal: AbortSignal,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const app of engine.apps.values()) {
    signal.throwIfAborted();
    findings.push(...(await stateFindings(engine, app, now)), ...(await askFindings(engine, app)));
  }
  for (const { app, active } of await appsWithAccounts(engine.store.db)) {
    if (engine.apps.has(app) || active === 0) continue;
    const message = `It is not in the configuration any more, and ${count(active, "account is", "accounts are")} still active there.`;
    findings.push({ severity: "warning", directory: null, app, message, remedy: null });
  }
  return findings;
}

async function stateFindings(
  engine: Engine,
  { settings }: AppRules,
  now: number,
): Promise<Finding[]> {
  const { db } = engine.store;
  const { name: app } = settings;
  const findings: Finding[] = [];
  const add = (severity: FindingSeverity, message: string, remedy: Remedy | null): void => {
    findings.push({ severity, directory: null, app, message, remedy });
  };
  const { paused } = await appState(db, app);
  if (paused !== null)
    add("error", `It is paused (${paused.code}): ${paused.message} ${cureOf(paused.code)}`, {
      kind: "retryTasks",
      app,
    });
  const [held] = await listPushes(db, { app, status: "held", limit: 1 });
  if (held !== undefined)
    add("error", `A push is held since ${held.startedAt}: ${held.held?.reason ?? ""}`, {
      kind: "showPush",
      push: held.id,
      counted: true,
    });
  const totals = await accountTotals(db, app);
  const tasks = await countTasks(db, app);
  if (tasks > 0) {
    const severity = totals.failing * 10 > totals.assigned ? "error" : "warning";
    add(severity, `${count(tasks, "task needs", "tasks need")} a person.`, {
      kind: "listTasks",
      app,
    });
  }
  const { oldestPending } = totals;
  if (paused === null && oldestPending !== null && now - Date.parse(oldestPending) > HOUR)
    add(
      "warning",
      `${count(totals.pending, "account waits", "accounts wait")} to be pushed, the oldest since ${oldestPending}. Does the daemon run?`,
      {
        kind: "push",
        app,
      },
    );
  if (totals.held > 0)
    add(
      "info",
      `${count(totals.held, "account keeps", "accounts keep")} access, because a source of these people is held or failing.`,
      null,
    );
  if (totals.assigned === 0) add("info", "Nobody is assigned to it.", { kind: "showApp", app });
  return findings;
}

/** Whether it can be used now, and whether it has accounts that belong to nobody here. */
async function askFindings(engine: Engine, { settings }: AppRules): Promise<Finding[]> {
  const { name: app } = settings;
  const { db } = engine.store;
  const { declared, learned, paused, notBefore } = await appState(db, app);
  // A refused credential is not tried by whoever only looks, nor an app that asks for patience.
  if (paused !== null || (notBefore !== null && notBefore > Date.now())) return [];
  try {
    await using provisioner = await engine.openApp(app, {
      declared,
      learned,
      onPause: () => undefined,
    });
    const { users } = await provisioner.probe();
    const unknown = users - (await countLinked(db, app));
    if (unknown <= 0) return [];
    const message = `${count(unknown, "account", "accounts")} there, of ${users.toLocaleString("en-US")}, belong to nobody here.`;
    return [
      { severity: "info", directory: null, app, message, remedy: { kind: "unknownAccounts", app } },
    ];
  } catch (thrown) {
    const { code, message, cure } = asRollcallError(thrown);
    const told = `It cannot be used now (${code}): ${message} ${cure}`;
    return [
      { severity: "error", directory: null, app, message: told, remedy: { kind: "checkApp", app } },
    ];
  }
}
