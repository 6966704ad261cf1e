/** Writes down what became of accounts, several at a time, while others are on their way. */
import type { Looked } from "../../engine/accounts/desk.ts";
import type { Account, AccountAction } from "../../model/account.ts";
import type { EventDraft } from "../../model/event.ts";
import { saveAccounts } from "../../store/accounts.ts";
import { savePushChanges, type PlannedPush } from "../../store/pushes.ts";
import { appendEvents } from "../../store/system-log.ts";
import { closeTasks, openTasks, type NewTask } from "../../store/tasks.ts";
import { write } from "../record/write.ts";
import type { PushContext } from "./context.ts";
import type { Deed } from "./deed.ts";
import * as events from "./events.ts";
import { SEND_STEPS } from "./plan.ts";

const TOGETHER = 100;
const LONGEST_MS = 500;
/** An estimate from fewer would be a guess. */
const ENOUGH_FOR_ESTIMATE = 20;
const ESTIMATE_AFTER_SECONDS = 10;
const TELL_FROM_SECONDS = 60;

interface Done {
  readonly row: PlannedPush;
  readonly deed: Deed;
}

export class Recorder {
  /** Accounts whose id in the app is another one than before. */
  newAccounts = 0;
  readonly #context: PushContext;
  readonly #total: number;
  readonly #startedAt = Date.now();
  #waiting: Done[] = [];
  #restored: Account[] = [];
  #writtenAt = Date.now();
  #writing: Promise<void> = Promise.resolve();
  #done = 0;
  #told = false;

  constructor(context: PushContext, total: number) {
    this.#context = context;
    this.#total = total;
  }

  async add(row: PlannedPush, deed: Deed): Promise<void> {
    this.#waiting.push({ row, deed });
    const before = deed.looked.facts.account?.externalId ?? null;
    if (deed.account.externalId !== null && deed.account.externalId !== before) this.newAccounts++;
    this.#done++;
    const { app, progress } = this.#context;
    const { name } = app.settings;
    progress({ directory: name, phase: "applying", done: this.#done, total: this.#total });
    this.#tellHowLong();
    const isTime = Date.now() - this.#writtenAt > LONGEST_MS;
    if (this.#waiting.length >= TOGETHER || isTime) await this.flush();
  }

  /** Nothing was sent after all: what was on record of it is taken back. */
  untouched({ account, facts, decision }: Looked): void {
    const { reason } = decision;
    const error = facts.account?.error ?? null;
    this.#restored.push({ ...account, settled: false, reason, error });
  }

  /** Once, where the app's pace makes it long. */
  #tellHowLong(): void {
    const seconds = (Date.now() - this.#startedAt) / 1000;
    if (this.#told || this.#done < ENOUGH_FOR_ESTIMATE || seconds < ESTIMATE_AFTER_SECONDS) return;
    const left = (seconds / this.#done) * (this.#total - this.#done);
    if (left < TELL_FROM_SECONDS) return;
    this.#told = true;
    const pace = Math.round((this.#done / seconds) * 60);
    this.#context.note(
      `At the app's pace of ${pace} accounts a minute, this takes about ${Math.ceil(left / 60)} minutes more.`,
    );
  }

  async flush(): Promise<void> {
    const batch = this.#waiting;
    const restored = this.#restored;
    this.#waiting = [];
    this.#restored = [];
    this.#writtenAt = Date.now();
    // One behind the other; a failure is everybody's who waits.
    this.#writing = this.#writeAfter(this.#writing, batch, restored);
    await this.#writing;
  }

  async #writeAfter(
    before: Promise<void>,
    batch: readonly Done[],
    restored: readonly Account[],
  ): Promise<void> {
    await before;
    if (restored.length > 0) await write(this.#context, (trx) => saveAccounts(trx, restored));
    if (batch.length > 0) await this.#write(batch);
  }

  async #write(batch: readonly Done[]): Promise<void> {
    const { app, run, actor } = this.#context;
    const { settings } = app;
    const accounts: Account[] = [];
    const rows: PlannedPush[] = [];
    const drafts: EventDraft[] = [];
    const tasks: NewTask[] = [];
    const healed: string[] = [];
    for (const { row, deed } of batch) {
      accounts.push(deed.account);
      rows.push(rowAfter(row, deed));
      drafts.push(...eventsOf(this.#context, deed));
      const task = taskOf(settings.name, deed);
      if (task !== null) tasks.push(task);
      else if (deed.failure === null) healed.push(deed.account.userId);
    }
    await write(this.#context, async (trx) => {
      await saveAccounts(trx, accounts);
      await savePushChanges(trx, run.id, rows);
      const opened = new Set(await openTasks(trx, tasks));
      const closed = await closeTasks(trx, settings.name, healed);
      const told = tasks.filter((task) => opened.has(task.subject));
      await appendEvents(trx, run.id, actor, [
        ...drafts,
        ...told.map((task) => events.taskCreated(settings, task)),
        ...closed.map((subject) => events.taskDone(settings, subject)),
      ]);
    });
  }
}

function eventsOf({ app }: PushContext, { account, done, failure }: Deed): EventDraft[] {
  const { settings } = app;
  const good = done.flatMap(({ action, changes }) => {
    const attributes = changes.map((change) => change.attribute);
    return events.sent(settings, account, action, { error: null, attributes });
  });
  if (failure === null) return good;
  return [...good, ...events.sent(settings, account, failure.action, { error: failure.error })];
}

function taskOf(app: string, { account, failure }: Deed): NewTask | null {
  if (failure === null || !failure.needsPerson || failure.thrown?.kind === "credential")
    return null;
  const { userId, login } = account;
  return { app, subject: userId, userId, login, what: failure.what, error: failure.error };
}

/** What is told of an account: the first thing that was done, or why it was not. */
function rowAfter(row: PlannedPush, { account, done, failure }: Deed): PlannedPush {
  // Whoever was found only to be switched off has lost access.
  const told = row.step === SEND_STEPS.taken ? done.at(-1) : done[0];
  const action: AccountAction = failure !== null ? "failed" : (told?.action ?? "unchanged");
  const changes = done.flatMap((one) => one.changes);
  return {
    ...row,
    action,
    login: account.login,
    externalId: account.externalId ?? row.externalId,
    reason: account.reason ?? row.reason,
    // Of what failed, only what was done until then.
    changes: failure !== null || changes.length > 0 ? changes : row.changes,
    error: failure?.error ?? null,
    applied: true,
  };
}
