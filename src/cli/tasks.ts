import type { Command } from "commander";
import { pushDocument, taskDocument } from "../documents/push.ts";
import { RollcallError } from "../model/errors.ts";
import type { Push } from "../model/account.ts";
import { visible, type Console } from "./console.ts";
import { cureInCommands } from "./cure.ts";
import type { Register } from "./register.ts";
import { askedBy, copyable, withService, type CommonOptions } from "./session.ts";
import { nextPushSteps, printPush, pushStatus } from "./show-push.ts";

export function tasksCommand(program: Command, register: Register): void {
  const tasks = program
    .command("tasks")
    .description("pushes that need a person: list, retry, dismiss");
  const list = tasks
    .command("list", { isDefault: true })
    .description("what failed, for whom, in the app's own words, and what helps")
    .argument("[app]", "only of this app");
  register(list, async (console, options, [app]) =>
    withService(console, options, async (service) => {
      const found = await service.apps.tasks(app ?? null);
      console.document(found.map((task) => taskDocument(task, cureInCommands(task.error.code))));
      if (found.length === 0) console.print("No tasks.");
      for (const { id, app: name, login, what, since, attempts, error } of found) {
        const whom = login === null ? "" : `  ${visible(login)}`;
        console.print(`${id}  ${name}  ${what}${whom}`);
        console.print(`  since ${since}, tried ${attempts} ${attempts === 1 ? "time" : "times"}`);
        console.print(`  ${console.style("red", visible(error.message))} (${error.code})`);
        console.print(`  → ${cureInCommands(error.code)}`);
      }
      if (found.length > 0)
        console.note(`Try one again: ${copyable("rollcall tasks retry TASK", options)}`);
      return 0;
    }),
  );
  retry(tasks, register);
  dismiss(tasks, register);
}

const RETRY_HELP = `
Computes the account anew, by the values and mappings of now, and sends it. With --app, all tasks of the
app; a pause after a refused credential ends if the app takes the credential now.`;

function retry(tasks: Command, register: Register): void {
  const command = tasks
    .command("retry")
    .description("try a task again, or all of an app")
    .argument("[task]", "its id, or the beginning of it")
    .option("--app <name>", "all tasks of this app")
    .addHelpText("after", RETRY_HELP);
  register(command, async (console, options, [id]) =>
    withService(console, options, async (service) => {
      const app = typeof options["app"] === "string" ? options["app"] : null;
      if ((id === undefined) === (app === null))
        throw new RollcallError("usage.invalid", "Name a task, or an app with --app.");
      const by = askedBy(console);
      const push =
        app === null
          ? await service.apps.retry(id ?? "", by)
          : await service.apps.retryAll(app, by);
      return tellPush(console, push, options);
    }),
  );
}

function tellPush(console: Console, push: Push, options: CommonOptions): number {
  console.document(pushDocument(push));
  printPush(console, push);
  for (const step of nextPushSteps(push, options)) console.note(step);
  return pushStatus(push);
}

function dismiss(tasks: Command, register: Register): void {
  const command = tasks
    .command("dismiss")
    .description("take a task off the list; it comes back if the same fails again")
    .argument("<task>", "its id, or the beginning of it");
  register(command, async (console, options, [id = ""]) =>
    withService(console, options, async (service) => {
      const task = await service.apps.dismiss(id, askedBy(console));
      console.document(taskDocument(task, cureInCommands(task.error.code)));
      console.print(`Dismissed: ${task.what} ${visible(task.login ?? task.app)}`);
      return 0;
    }),
  );
}
