/** What is proposed for a directory, as it is shown to whoever has to decide. */
import { passwordVariable, type Access } from "../config/proposed.ts";
import type { Proposal } from "../model/proposal.ts";
import { shown, table, visible, type Console } from "./console.ts";
import { copyable, type CommonOptions } from "./session.ts";

const SHOWN_ATTRIBUTES = 15;
const COLUMNS = ["login", "firstName", "lastName", "email", "title", "department"] as const;

export function printProposal(console: Console, proposal: Proposal): void {
  const { title, people, isPart, base, filter, id, attributes, mappings, missing, preview } =
    proposal;
  console.print(console.style("bold", visible(title)));
  console.print(`  ${people.toLocaleString("en-US")}${isPart ? " or more" : ""} people`);
  if (base !== null) console.print(`  base ${visible(base)}`);
  if (filter !== null) console.print(`  filter ${visible(filter)}`);
  if (!missing.includes("users.id"))
    console.print(`  identified by ${id === null ? "the server's own identifier" : visible(id)}`);
  if (proposal.disabled !== null)
    console.print(`  disabled by ${visible(proposal.disabled.attribute)}`);
  const most = attributes.slice(0, SHOWN_ATTRIBUTES);
  console.print(
    `  they have ${most.map((one) => `${visible(one.name)} ${one.people}`).join(", ")}`,
  );
  console.print();
  for (const line of table(
    mappings.map(({ attribute, expression, valid, of }) => [
      `  ${attribute}`,
      expression,
      `${valid} of ${of}`,
    ]),
  ))
    console.print(line);
  for (const attribute of missing)
    console.print(
      console.style("red", `  ${attribute}: nothing was found, and every user needs it`),
    );
  console.print();
  const columns = COLUMNS.filter((name) => mappings.some(({ attribute }) => attribute === name));
  const rows = preview.map(({ profile }) => columns.map((name) => shown(profile[name])));
  for (const line of table([[...columns], ...rows])) console.print(`  ${line}`);
  for (const { dn, problems } of preview)
    for (const problem of problems) console.print(`  ${visible(dn)}: ${visible(problem)}`);
  console.print();
}

/** The commands with which one goes on. */
export function printNext(
  console: Console,
  options: CommonOptions,
  { file, name, access }: { readonly file: string; readonly name: string; readonly access: Access },
): void {
  console.note(`Written to ${file}. Go on:`);
  if (access.bindDn !== null && access.passwordFile === null)
    console.note(`  export ${passwordVariable(name)}=…`);
  for (const command of [
    "rollcall check",
    `rollcall import ${name} --dry-run`,
    `rollcall import ${name}`,
  ])
    console.note(`  ${copyable(command, options)}`);
}
