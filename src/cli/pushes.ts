import type { Command } from "commander";
import { pushDocument, pushPeopleDocument } from "../documents/push.ts";
import { RollcallError } from "../model/errors.ts";
import { table } from "./console.ts";
import type { Register } from "./register.ts";
import { askedBy, wholeNumber, withService } from "./session.ts";
import {
  nextPushSteps,
  printPush,
  printPushChange,
  pushCountsLine,
  pushStatus,
} from "./show-push.ts";

const STATUSES = ["running", "held", "done", "failed", "cancelled"];
const ACTIONS = [
  "created",
  "adopted",
  "updated",
  "reactivated",
  "deactivated",
  "deleted",
  "failed",
  "skipped",
  "held",
];

export function pushesCommand(program: Command, register: Register): void {
  const pushes = program
    .command("pushes")
    .description("pushes to apps, newest first; show, approve or cancel one");
  list(pushes, register);
  show(pushes, register);
  decide(pushes, register);
  revert(pushes, register);
}

function list(pushes: Command, register: Register): void {
  const command = pushes
    .command("list", { isDefault: true })
    .description("pushes, newest first")
    .option("--app <name>", "only to this app")
    .option("--status <status>", `only ${STATUSES.join(", ")}`)
    .option("--limit <n>", "how many", "20");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const status = oneOf(options["status"], "--status", STATUSES);
      const app = typeof options["app"] === "string" ? options["app"] : null;
      const limit = wholeNumber(String(options["limit"]), "--limit", 10_000);
      const found = await service.pushes.list({ app, status, limit });
      console.document(found.map(pushDocument));
      if (found.length === 0) console.print("No pushes.");
      const rows = found.map((push) => [
        push.id,
        push.startedAt.slice(0, 19),
        push.app,
        push.dryRun ? `${push.kind} (dry run)` : push.kind,
        push.status,
        pushCountsLine(push.counts),
        push.error?.code ?? "",
      ]);
      for (const row of table(rows)) console.print(row);
      return 0;
    }),
  );
}

function show(pushes: Command, register: Register): void {
  const command = pushes
    .command("show")
    .description("one push: counts, and per person what it did or would do")
    .argument("<push>", "its id, or the beginning of it")
    .option("--action <action>", `only people who were ${ACTIONS.join(", ")}`)
    .option("--counted", "only people whom the safeguard counts as losing something")
    .option("--limit <n>", "how many people", "50")
    .option("--after <n>", "go on behind this number");
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const push = await service.pushes.get(id);
      const limit = wholeNumber(String(options["limit"]), "--limit", 1_000_000);
      const { after } = options;
      const query = {
        action: oneOf(options["action"], "--action", ACTIONS),
        counted: options["counted"] === true,
        after: typeof after === "string" ? wholeNumber(after, "--after", 2 ** 31, 0) : -1,
      };
      const changes = await service.pushes.people(push.id, { ...query, limit: limit + 1 });
      const page = changes.slice(0, limit);
      const last = page.at(-1);
      const next = changes.length > limit && last !== undefined ? last.seq : null;
      console.document(pushPeopleDocument(push, page, next));
      printPush(console, push);
      if (push.decidedBy !== null)
        console.print(
          `  ${push.status === "cancelled" ? "cancelled" : "approved"} by ${push.decidedBy}`,
        );
      console.print();
      if (page.length === 0) console.print("Nobody to show.");
      for (const change of page) printPushChange(console, change);
      if (next !== null) console.note(`There are more; go on with --after ${next}`);
      return 0;
    }),
  );
}

const HELP = {
  approve: `
Sends what pushes show has. Whoever is not any more what was shown is left out and named.`,
  cancel: `
Drops the plan. Nothing of it was sent, and the next push decides anew.`,
} as const;

function decide(pushes: Command, register: Register): void {
  for (const action of ["approve", "cancel"] as const) {
    const command = pushes
      .command(action)
      .description(action === "approve" ? "send what a held push shows" : "drop a held push")
      .argument("<push>", "its id, or the beginning of it")
      .addHelpText("after", HELP[action]);
    register(command, async (console, options, [id = ""]) =>
      withService(console, options, async (service) => {
        const push = await service.pushes[action](id, askedBy(console));
        console.document(pushDocument(push));
        printPush(console, push);
        for (const step of nextPushSteps(push, options)) console.note(step);
        return pushStatus(push);
      }),
    );
  }
}

const REVERT_HELP = `
Accounts get the values that the app had acknowledged before; those that were made are switched off, those
that were switched off are switched on, as far as \`provisioning\` allows. Whoever changed since is left out.
The app is paused then, so that the next push does not do the same again: correct the cause, then retry its task.`;

function revert(pushes: Command, register: Register): void {
  const command = pushes
    .command("revert")
    .description("put accounts back to what the app had acknowledged before a push")
    .argument("<push>", "its id, or the beginning of it")
    .option("--dry-run", "show what would be put back, send nothing")
    .addHelpText("after", REVERT_HELP);
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const dryRun = options["dryRun"] === true;
      const push = await service.pushes.revert(id, dryRun, askedBy(console));
      console.document(pushDocument(push));
      printPush(console, push);
      for (const step of nextPushSteps(push, options)) console.note(step);
      return pushStatus(push);
    }),
  );
}

/** @throws RollcallError `usage.invalid` */
function oneOf(value: unknown, option: string, allowed: readonly string[]): string | null {
  if (typeof value !== "string" || value === "") return null;
  if (allowed.includes(value)) return value;
  const message = `${option} takes one of ${allowed.join(", ")}, not ${value}.`;
  throw new RollcallError("usage.invalid", message);
}
