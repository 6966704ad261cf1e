import type { Command } from "commander";
import { runDocument, runPeopleDocument } from "../documents/run.ts";
import { exportHeading, exportLine } from "../documents/run-export.ts";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import type { PeopleQuery, Service } from "../service.ts";
import { table, type Console } from "./console.ts";
import { unmatchedCommands } from "./imports-unmatched.ts";
import type { Register } from "./register.ts";
import { askedBy, statusOf, wholeNumber, withService } from "./session.ts";
import { countsLine, nextSteps, printChange, printEvidence, printRun } from "./show-run.ts";

const STATUSES = ["running", "held", "done", "failed", "cancelled"];
const ACTIONS = ["created", "updated", "removed", "failed", "ignored", "skipped"];
const PAGE = 5000;

export function importsCommand(program: Command, register: Register): void {
  const imports = program
    .command("imports")
    .description("runs, newest first; show, export, approve, cancel or put back one");
  list(imports, register);
  show(imports, register);
  exportPeople(imports, register);
  decide(imports, register);
  revert(imports, register);
  resume(imports, register);
  unmatchedCommands(imports, register);
}

function list(imports: Command, register: Register): void {
  const command = imports
    .command("list", { isDefault: true })
    .description("runs, newest first")
    .option("--directory <name>", "only of this directory")
    .option("--status <status>", "only running, held, done, failed or cancelled")
    .option("--edits", "also edits of single users by hand")
    .option("--limit <n>", "how many", "20");
  register(command, async (console, options) =>
    withService(console, options, async (service) => {
      const status = text(options["status"]);
      if (status !== null && !STATUSES.includes(status)) {
        throw new RollcallError(
          "usage.invalid",
          `--status takes one of ${STATUSES.join(", ")}, not ${status}.`,
        );
      }
      const query = {
        directory: text(options["directory"]),
        status,
        edits: options["edits"] === true,
        limit: wholeNumber(String(options["limit"]), "--limit", 10_000),
      };
      const runs = await service.runs.list(query);
      console.document(runs.map(runDocument));
      if (runs.length === 0)
        console.print(
          status === null && query.directory === null ? "No runs yet." : "No such runs.",
        );
      const rows = runs.map((run) => [
        run.id,
        run.startedAt.slice(0, 19),
        run.directory ?? "all",
        kindOf(run),
        run.status,
        countsLine(run.counts),
        run.error?.code ?? (run.status === "held" ? (run.held?.of ?? "") : ""),
      ]);
      for (const row of table(rows)) console.print(row);
      return 0;
    }),
  );
}

function kindOf(run: Run): string {
  const what = run.kind === "import" ? run.type : run.kind;
  return run.dryRun ? `${what} (dry run)` : what;
}

function show(imports: Command, register: Register): void {
  const command = imports
    .command("show")
    .description("one run: counts, phases, and per person what it changed or would change")
    .argument("<run>", "its id, or the beginning of it")
    .option("--action <action>", `only people who were ${ACTIONS.join(", ")}`)
    .option("--counted", "only people whom the import safeguard counts, with the reason")
    .option("--limit <n>", "how many people", "50")
    .option("--after <n>", "go on behind this number");
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const after = text(options["after"]);
      const limit = wholeNumber(String(options["limit"]), "--limit", 1_000_000);
      return await showRun(console, service, id, {
        ...choiceOf(options),
        limit,
        after: after === null ? -1 : wholeNumber(after, "--after", 2 ** 31, 0),
      });
    }),
  );
}

async function showRun(
  console: Console,
  service: Service,
  id: string,
  query: PeopleQuery,
): Promise<number> {
  const run = await service.runs.get(id);
  const changes = await service.runs.people(id, { ...query, limit: query.limit + 1 });
  const page = changes.slice(0, query.limit);
  const last = page.at(-1);
  const more = changes.length > query.limit && last !== undefined;
  console.document(runPeopleDocument(run, page, more ? last.seq : null));
  printRun(console, run);
  if (run.decidedBy !== null) console.print(`  ${decision(run, run.decidedBy)}`);
  printEvidence(console, run);
  for (const { phase, seconds } of run.phases) console.print(`  ${phase} ${seconds.toFixed(2)} s`);
  console.print();
  if (page.length === 0) console.print("Nobody to show.");
  for (const change of page) printChange(console, change);
  if (more) console.note(`There are more; go on with --after ${last.seq}`);
  return 0;
}

function choiceOf(options: Record<string, unknown>): Pick<PeopleQuery, "action" | "counted"> {
  const action = text(options["action"]);
  if (action !== null && !ACTIONS.includes(action)) {
    throw new RollcallError(
      "usage.invalid",
      `--action takes one of ${ACTIONS.join(", ")}, not ${action}.`,
    );
  }
  return { action, counted: options["counted"] === true };
}

function decision({ status }: Run, by: string): string {
  if (status !== "cancelled") return `approved by ${by}`;
  return by.startsWith("replaced") ? `cancelled: ${by}` : `cancelled by ${by}`;
}

function exportPeople(imports: Command, register: Register): void {
  const command = imports
    .command("export")
    .description("all people of a run as CSV, or with --json one JSON line each")
    .argument("<run>", "its id, or the beginning of it")
    .option("--action <action>", `only people who were ${ACTIONS.join(", ")}`)
    .option("--counted", "only people whom the import safeguard counts");
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const choice = choiceOf(options);
      await service.runs.get(id);
      const format = console.json ? "jsonl" : "csv";
      await console.write(exportHeading(format));
      for (let after = -1; ;) {
        console.signal.throwIfAborted();
        const page = await service.runs.people(id, { ...choice, after, limit: PAGE });
        const last = page.at(-1);
        if (last === undefined) return 0;
        await console.write(page.map((change) => exportLine(format, change)).join(""));
        after = last.seq;
      }
    }),
  );
}

const REVERT_HELP = `
Puts back what a run did to profiles and statuses, person by person. Whoever was changed by something
else since is left out and named. Correct the cause first: the next import is a full one, and decides
about these people again by the directory and the configuration as they are then.`;

function revert(imports: Command, register: Register): void {
  const command = imports
    .command("revert")
    .description("put back what a run did to profiles and statuses")
    .argument("<run>", "its id, or the beginning of it")
    .option("--dry-run", "show what would be put back, change nothing")
    .addHelpText("after", REVERT_HELP);
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const request = { trigger: "manual", dryRun: options["dryRun"] === true } as const;
      const run = await service.runs.revert(id, request, askedBy(console));
      console.document(runDocument(run));
      printRun(console, run);
      for (const step of nextSteps(run, options)) console.note(step);
      return statusOf(run);
    }),
  );
}

function resume(imports: Command, register: Register): void {
  const command = imports
    .command("resume")
    .description(
      "finish a run that was interrupted while it was applying its plan; imports nothing",
    )
    .argument("<run>", "its id, or the beginning of it");
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const run = await service.runs.resume(id, askedBy(console));
      console.document(runDocument(run));
      printRun(console, run);
      return statusOf(run);
    }),
  );
}

const DECIDE_HELP = {
  approve: `
Applies exactly the plan that imports show has. First the directory is asked once more about everybody from
whom the plan takes something: whoever came back, and whoever was changed by something else since, is left
out and named. If the directory cannot be asked, the run stays held.`,
  cancel: `
Drops the plan. Nothing of it was applied, and the next import decides anew.`,
} as const;

function decide(imports: Command, register: Register): void {
  for (const action of ["approve", "cancel"] as const) {
    const description =
      action === "approve" ? "apply a held run, exactly as it is shown" : "drop a held run";
    const command = imports
      .command(action)
      .description(description)
      .argument("<run>", "its id, or the beginning of it")
      .addHelpText("after", DECIDE_HELP[action]);
    register(command, async (console, options, [id = ""]) =>
      withService(console, options, async (service) => {
        const run = await service.runs[action](id, askedBy(console));
        console.document(runDocument(run));
        printRun(console, run);
        for (const step of nextSteps(run, options)) console.note(step);
        return statusOf(run);
      }),
    );
  }
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
