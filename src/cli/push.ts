import type { Command } from "commander";
import { pushDocument } from "../documents/push.ts";
import type { Register } from "./register.ts";
import { askedBy, withService } from "./session.ts";
import { nextPushSteps, printPush, pushStatus } from "./show-push.ts";

const HELP = `
A push makes the app's accounts what they should be: it creates, changes, switches off and on, as far
as the app's \`provisioning\` allows. What the app acknowledged before is not sent again. Before
anything is sent, the app's safeguard judges the whole plan; if too much would be taken away, the push
is held (exit status 3). It may be interrupted at any point: the next one goes on.`;

export function pushCommand(program: Command, register: Register): void {
  const command = program
    .command("push")
    .description("make the accounts of an app what they should be, now")
    .argument("<app>", "its name in the configuration")
    .option("--user <login...>", "only these users")
    .option("--dry-run", "decide everything, send nothing")
    .addHelpText("after", HELP);
  register(command, async (console, options, [app = ""]) =>
    withService(console, options, async (service) => {
      const { user } = options;
      const people = Array.isArray(user) ? user.map(String) : null;
      const dryRun = options["dryRun"] === true;
      const request = { kind: "push", trigger: "manual", dryRun, people } as const;
      const push = await service.pushes.push(app, request, askedBy(console));
      console.document(pushDocument(push));
      printPush(console, push);
      for (const step of nextPushSteps(push, options)) console.note(step);
      return pushStatus(push);
    }),
  );
}
