/** The table in docs/11-faults.md, made from what happened. */
import type { Outcome } from "./fault.ts";

export interface Row extends Outcome {
  readonly fault: string;
  readonly wronglyRemoved: number;
  readonly halfWritten: number;
  readonly equal: boolean;
}

const INTRODUCTION = `# 11. Faults

What happens to an import when something goes wrong, made by \`npm run faults\` and not by hand. Each line is one fault
in one stage of an import of 1,500 people in which 150 left, 60 joined, about 1,200 changed, 300 of them exchange their logins two
by two, and one has an invalid value. After each: nobody is removed who is still in the directory, every person is whole, as before
the import or as after it, and the next import ends in the very data of an import that nothing disturbed. That is checked by
SQL over everybody.

\`runs\` counts how often it was done, at seeded random points of the traffic where a fault can come at any time. \`ended\` is how
the disturbed import ended: \`failed\` with its code, \`held\`, \`done\` (the fault does no harm, or the import was through already),
or \`killed\`/\`stopped\` without a word, which the next start notices. \`starting\` is before a run has its record.

A process that is paused and wakes up after its claim was taken, a database that falls silent, and two daemons with one schedule
take minutes each and stand in \`test/imports/fencing.test.ts\`.
`;

export function faultsTable(
  rows: readonly Row[],
  { seed, points }: { readonly seed: number; readonly points: number },
): string {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = [row.fault, row.stage, row.ended, row.code ?? ""].join("|");
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  const lines = [...groups.values()].map((group) => {
    const [{ fault, stage, ended, code } = { fault: "", stage: "", ended: "", code: null }] = group;
    const sum = (count: (row: Row) => number): number =>
      group.reduce((total, row) => total + count(row), 0);
    const how = code === null ? ended : `${ended}, \`${code}\``;
    const equal = group.every((row) => row.equal) ? "yes" : "NO";
    return `| ${fault} | ${stage} | ${how} | ${group.length} | ${sum((row) => row.wronglyRemoved)} | ${sum((row) => row.halfWritten)} | ${equal} |`;
  });
  return `${INTRODUCTION}
| fault | stage | ended | runs | wrongly removed | half written | then as undisturbed |
|---|---|---|---|---|---|---|
${lines.join("\n")}

${rows.length} imports, ${points} points per kind, seed ${seed}. Repeat it with \`FAULT_POINTS=${points} FAULT_SEED=${seed} npm run faults\`.
`;
}
