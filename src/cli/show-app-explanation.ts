import { APP_STAGES, type AppExplanation } from "../model/app-explanation.ts";
import { shown, visible, type Console } from "./console.ts";
import { commandOf } from "./remedy.ts";
import { copyable, type CommonOptions } from "./session.ts";

export function printAppExplanation(
  console: Console,
  explanation: AppExplanation,
  options: CommonOptions,
): void {
  const { app, login, attribute, desired, acknowledged, stages, cause, mapping } = explanation;
  const what = attribute === null ? "" : `  ${attribute} = ${visible(shown(desired))}`;
  console.print(`${console.style("bold", visible(login))} in ${app}${what}`);
  for (const { stage, ok, text } of stages) {
    const mark = ok === null ? "·" : ok ? "✓" : console.style("red", "✗");
    console.print(`  ${mark} ${APP_STAGES[stage]}: ${visible(text)}`);
  }
  for (const { name, value } of mapping?.inputs ?? [])
    console.print(`    ${visible(name)} = ${visible(shown(value))}`);
  if (attribute !== null) console.print(`    acknowledged: ${visible(shown(acknowledged))}`);
  if ("live" in explanation)
    console.print(`    the app has now: ${visible(shown(explanation.live))}`);
  console.print();
  console.print(visible(cause.sentence));
  if (cause.remedy !== null) console.print(`→ ${copyable(commandOf(cause.remedy), options)}`);
}
