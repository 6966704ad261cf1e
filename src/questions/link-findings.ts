/** What `doctor` says of links that matching rules made. */
import type { Engine } from "../engine/engine.ts";
import { count } from "../lib/lines.ts";
import type { Finding } from "../model/finding.ts";
import { isGiven } from "../reconciler/confirm.ts";
import { linksByRule } from "../store/links.ts";

/** Links of a directory by attributes of which two people may have the same value. */
export async function linkFindings(
  { counts, rules, store }: Engine,
  directory: string,
): Promise<Finding[]> {
  const { value: made } = await counts.of(`linked by rules in ${directory}`, () =>
    linksByRule(store.db, directory),
  );
  const doubtful = made.filter(
    ({ attribute }) =>
      attribute !== "login" && !isGiven(attribute) && !rules.unique.includes(attribute),
  );
  return doubtful.map(({ attribute, app, people, example }) => {
    const were = count(people, "entry was", "entries were");
    const message = `${were} linked by the rule ${attribute} = ${app}, such as that of ${example}. ${attribute} is not unique, so they may be other people's.`;
    const remedy = { kind: "exportUsers", columns: ["login", attribute] } as const;
    return { severity: "info", directory, message, remedy };
  });
}
