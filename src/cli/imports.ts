import type { Command } from "commander";
import { RollcallError } from "../model/errors.ts";
import type { Run } from "../model/run.ts";
import type { Service } from "../service.ts";
import { table, type Console } from "./console.ts";
import type { Register } from "./program.ts";
import { progressReporter } from "./progress.ts";
import { commandActor, statusOf, wholeNumber, withService } from "./session.ts";
import { countsLine, nextSteps, printChange, printRun, runDocument } from "./show-run.ts";

const STATUSES = ["running", "held", "done", "failed", "cancelled"];
const ACTIONS = ["created", "updated", "removed", "failed", "ignored"];

export function importsCommand(program: Command, register: Register): void {
  const imports = program
    .command("imports")
    .description("runs, newest first; show, approve or cancel one");
  list(imports, register);
  show(imports, register);
  decide(imports, register);
}

function list(imports: Command, register: Register): void {
  const command = imports
    .command("list", { isDefault: true })
    .description("runs, newest first")
    .option("--directory <name>", "only of this directory")
    .option("--status <status>", "only running, held, done, failed or cancelled")
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
        limit: wholeNumber(String(options["limit"]), "--limit", 10_000),
      };
      const runs = await service.runs(query);
      console.document(runs.map(runDocument));
      if (runs.length === 0) console.print("No runs yet.");
      const rows = runs.map((run) => [
        run.id,
        run.startedAt.slice(0, 19),
        run.directory ?? "all",
        kindOf(run),
        run.status,
        countsLine(run.counts),
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
    .option("--limit <n>", "how many people", "50")
    .option("--after <n>", "go on behind this number", "");
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const action = text(options["action"]);
      if (action !== null && !ACTIONS.includes(action)) {
        throw new RollcallError(
          "usage.invalid",
          `--action takes one of ${ACTIONS.join(", ")}, not ${action}.`,
        );
      }
      const after = text(options["after"]);
      const limit = wholeNumber(String(options["limit"]), "--limit", 1_000_000);
      return await showRun(console, service, id, {
        action,
        limit,
        after: after === null ? -1 : wholeNumber(after, "--after", 2 ** 31),
      });
    }),
  );
}

async function showRun(
  console: Console,
  service: Service,
  id: string,
  query: { readonly action: string | null; readonly limit: number; readonly after: number },
): Promise<number> {
  const run = await service.run(id);
  const changes = await service.runChanges(id, { ...query, limit: query.limit + 1 });
  const page = changes.slice(0, query.limit);
  const last = page.at(-1);
  const more = changes.length > query.limit && last !== undefined;
  console.document({ ...runDocument(run), changes: page, next: more ? last.seq : null });
  printRun(console, run);
  if (run.decidedBy !== null)
    console.print(`  ${run.status === "cancelled" ? "cancelled" : "approved"} by ${run.decidedBy}`);
  for (const { phase, seconds } of run.phases) console.print(`  ${phase} ${seconds.toFixed(2)} s`);
  if (page.length > 0) console.print();
  for (const change of page) printChange(console, change);
  if (more) console.note(`There are more; go on with --after ${last.seq}`);
  return 0;
}

function decide(imports: Command, register: Register): void {
  for (const action of ["approve", "cancel"] as const) {
    const description =
      action === "approve" ? "apply a held run, exactly as it is shown" : "drop a held run";
    const command = imports
      .command(action)
      .description(description)
      .argument("<run>", "its id, or the beginning of it");
    register(command, async (console, options, [id = ""]) =>
      withService(console, options, async (service) => {
        const decision = {
          actor: commandActor(),
          signal: console.signal,
          progress: progressReporter(console),
        };
        const run = await service[action](id, decision);
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
