/** What Prometheus gets to see, and that the example of alert rules speaks of nothing else. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../../src/http/metrics.ts";
import { Secret } from "../../src/model/secret.ts";
import { openStore } from "../../src/store/database.ts";
import { countPeople, gatherMetrics } from "../../src/store/metrics.ts";
import { ScriptedScim } from "../support/scripted-scim.ts";
import { simplePerson, SIMPLE_MAPPINGS, Workplace, type RunDocument } from "../support/rollcall.ts";

const many = (count: number, title = "Engineer"): string =>
  Array.from({ length: count }, (_, i) => simplePerson(`p${i}`, { title })).join("");

async function lived(): Promise<Workplace> {
  const place = await Workplace.create("postgres");
  const directory = (people: string, type = "ldif"): string =>
    type === "ldif"
      ? `  corp:\n    type: ldif\n    path: ${place.file("people.ldif", people)}\n${SIMPLE_MAPPINGS}`
      : "";
  const configure = (people: string, more = ""): void =>
    place.configure(`directories:\n${directory(people)}${more}`);
  configure(many(200) + simplePerson("odd", { mail: "odd" }));
  await place.run("import", "corp");
  configure(many(190) + simplePerson("odd", { mail: "odd" }));
  await place.run("import", "corp", "--dry-run");
  await place.run("import", "corp");
  configure(many(20));
  const held = await place.json<RunDocument>("import", "corp");
  expect(held.status).toBe("held");
  configure(
    many(20),
    `  gone:\n    type: ldap\n    url: ldap://127.0.0.1:1\n    users: { base: "dc=x" }\n${SIMPLE_MAPPINGS}`,
  );
  await place.run("import", "gone");
  await pushed(place, (more) => configure(many(20), more));
  return place;
}

/** An app that is paused, with a task and something owed, and one whose push is held. */
async function pushed(place: Workplace, configure: (more: string) => void): Promise<void> {
  await using scim = await ScriptedScim.start();
  const app = (name: string, ...more: readonly string[]): string =>
    [
      `  ${name}:`,
      "    type: scim",
      `    url: ${scim.url}`,
      "    provisioning: { create: true, update: true, deactivate: true }",
      ...more.map((line) => `    ${line}`),
      "",
    ].join("\n");
  const paused = app("paused", "assign: [everyone]");
  configure(`apps:\n${paused}${app("held", "assign: [everyone]")}`);
  await place.run("push", "held");
  scim.hook = () => ({ status: 401 });
  await place.run("push", "paused");
  configure(
    `apps:\n${paused}${app("held", "assign: [everyone]", "toApp: { nickName: user.lastName }")}`,
  );
  const { status } = await place.json<RunDocument>("push", "held");
  expect(status).toBe("held");
}

/** Behind a life in which the database refused something, too. */
async function scraped(): Promise<{ metrics: () => Promise<string>; close: () => Promise<void> }> {
  const place = await lived();
  const store = await openStore({ url: new Secret(place.databaseUrl ?? ""), directory: "" });
  const database = {
    title: store.title,
    schema: store.migrated.current,
    migrated: store.migrated.applied,
    ping: () => store.ping(),
    figures: async () => await gatherMetrics(store.db, await countPeople(store.db)),
    onFault: (listener: (code: string) => void) => store.onFault(listener),
  };
  const metrics = createMetrics({ database });
  const refused = store.db.deleteFrom("users").where("id", "=", "no uuid").execute();
  await expect(refused).rejects.toThrow("invalid input syntax");
  const close = async (): Promise<void> => {
    await store[Symbol.asyncDispose]();
    place.remove();
  };
  return { metrics, close };
}

test("runs, phases, people, ages, held runs, failing people and errors are counted", async () => {
  const { metrics, close } = await scraped();
  const text = await metrics();
  for (const line of [
    'rollcall_runs_total{directory="corp",kind="full import",result="done"} 2',
    'rollcall_runs_total{directory="corp",kind="full import",result="held"} 1',
    'rollcall_runs_total{directory="gone",kind="full import",result="failed"} 1',
    'rollcall_run_errors_total{code="ldap.unreachable",directory="gone"} 1',
    'rollcall_people_total{directory="corp",outcome="created"} 200',
    'rollcall_people_total{directory="corp",outcome="removed"} 10',
    'rollcall_people_total{directory="corp",outcome="failed"} 2',
    'rollcall_people_failing{code="invalidLoginEmail",directory="corp"} 1',
    'rollcall_runs_open{directory="corp",status="held"} 1',
    'rollcall_app_users{directory="corp",status="removed"} 10',
    'rollcall_run_phase_seconds_count{directory="corp",phase="reading"} 2',
    'rollcall_database_errors_total{code="22P02"} 1',
    'rollcall_app_paused{app="paused"} 1',
    'rollcall_tasks{app="paused"} 1',
    'rollcall_pushes_open{app="held",status="held"} 1',
    'rollcall_pushes_total{app="held",kind="push",result="done"} 1',
    'rollcall_pushes_total{app="paused",kind="push",result="failed"} 1',
    'rollcall_accounts{app="held",state="active"} 190',
    'rollcall_pushed_accounts_total{app="held",outcome="created"} 190',
  ])
    expect(sorted(text)).toContain(sorted(line));
  const age = /rollcall_last_good_import_age_seconds\{directory="corp",type="any"\} ([\d.]+)/.exec(
    text,
  );
  expect(Number(age?.[1])).toBeGreaterThan(0);
  // A second scrape tells the same, and does not add up.
  expect(sorted(await metrics())).toContain(
    'rollcall_people_total{directory="corp",outcome="created"} 200',
  );
  await close();
});

/** Labels may come in any order. */
function sorted(text: string): string {
  return text.replaceAll(/\{([^}]*)\}/g, (_, labels: string) => {
    return `{${labels
      .split(",")
      .toSorted((a, b) => (a < b ? -1 : 1))
      .join(",")}}`;
  });
}

test("every metric of the alert rules exists, with its labels", async () => {
  const { metrics, close } = await scraped();
  const text = await metrics();
  const { groups } = parse(readFileSync("docs/alerts.yaml", "utf8")) as {
    groups: { rules: { alert: string; expr: string }[] }[];
  };
  const rules = groups.flatMap((group) => group.rules);
  expect(rules.length).toBeGreaterThan(5);
  for (const { alert, expr } of rules) {
    const name = /rollcall_\w+/.exec(expr)?.[0] ?? "";
    const labels = [...expr.matchAll(/(?:by \(([^)]*)\)|(\w+)=")/g)].flatMap(
      ([, by, label]) => by?.split(", ") ?? [label ?? ""],
    );
    const lines = text.split("\n").filter((line) => line.startsWith(`${name}{`));
    expect(lines, alert).not.toEqual([]);
    for (const label of labels) expect(lines[0], alert).toContain(`${label}="`);
  }
  await close();
});
