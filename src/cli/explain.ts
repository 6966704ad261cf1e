import type { Command } from "commander";
import { appExplanationDocument } from "../documents/app-explanation.ts";
import { explanationDocument } from "../documents/explanation.ts";
import { CAUSES, STAGES, type Cause, type Explanation } from "../model/explanation.ts";
import { printAppExplanation } from "./show-app-explanation.ts";
import { shown, table, visible, type Console } from "./console.ts";
import type { Register } from "./register.ts";
import { commandOf } from "./remedy.ts";
import { copyable, withService, type CommonOptions } from "./session.ts";

const HELP = `
Follows the value from the directory to the user profile, through every stage, and ends with the one that is
responsible and what to do. Works on what is stored; with --live the directories are asked as well. Changes nothing.

Examples:
  rollcall explain ada@example.org              the whole profile
  rollcall explain ada@example.org department   one value
  rollcall explain ada@example.org department --live
  rollcall explain ada@example.org title --app dx   why the app has not this value
  rollcall explain uid=ada,ou=people,dc=example,dc=org`;

export function explainCommand(program: Command, register: Register): void {
  const command = program
    .command("explain")
    .description("where each value of a profile comes from, and why it is not another one")
    .argument("<who>", "a login, a user's id, an external id or a DN")
    .argument("[attribute]", "an attribute of the user profile; without it, all of them")
    .option("--app <name>", "go on to the account in this app; the attribute is one of the app's")
    .option("--live", "ask the directories now, or the app, too")
    .addHelpText("after", HELP);
  register(command, async (console, options, [who = "", attribute]) =>
    withService(console, options, async (service) => {
      const { signal } = console;
      const live = options["live"] === true;
      const app = options["app"];
      if (typeof app === "string") {
        const request = { app, attribute: attribute ?? null, live };
        const found = await service.apps.explain(who, request);
        console.document(appExplanationDocument(found, commandOf));
        printAppExplanation(console, found, options);
        return 0;
      }
      const explanation = await service.users.explain(who, {
        attribute: attribute ?? null,
        live,
        signal,
      });
      console.document(explanationDocument(explanation, commandOf));
      print(console, explanation, options);
      return explanation.userId === null ? 1 : 0;
    }),
  );
}

function print(console: Console, explanation: Explanation, options: CommonOptions): void {
  const { who, login, status, attribute, value, source, attributes, stages } = explanation;
  if (login === null) console.print(`${visible(who)}: no such user`);
  else {
    const what = attribute === null ? "" : `  ${attribute} = ${visible(shown(value))}`;
    const from = source === null ? "" : `  from ${source}`;
    console.print(`${console.style("bold", visible(login))}  ${status ?? ""}${what}${from}`);
  }
  for (const { stage, directory, ok, text } of stages) {
    const mark = ok === null ? "·" : ok ? "✓" : console.style("red", "✗");
    const name = directory === null ? STAGES[stage] : `${STAGES[stage]} (${directory})`;
    console.print(`  ${mark} ${name}: ${visible(text)}`);
  }
  const rows = attributes.map((one) => [
    `  ${one.attribute}`,
    shown(one.value, 50),
    one.source === null ? "" : `from ${one.source}`,
    remark(one.cause),
  ]);
  for (const row of table(rows)) console.print(row);
  console.print();
  const { sentence, remedy, alternatives = [] } = explanation.cause;
  console.print(visible(sentence));
  for (const one of remedy === null ? [] : [remedy, ...alternatives])
    console.print(`→ ${copyable(commandOf(one), options)}`);
}

/** In one word, what to know of an attribute that is not simply as its source gave it. */
function remark({ code }: Cause): string {
  return code === "upToDate" ? "" : CAUSES[code];
}
