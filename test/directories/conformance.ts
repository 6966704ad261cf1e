/**
 * The conformance suite of directories: what a new kind of directory, or a new way of reading
 * changes, must pass before anybody may use it. One story for all: people are changed, deleted, renamed, moved, containers renamed,
 * groups changed, the server restarted, the position lost. After each step the store, which only
 * ever read changes, must equal a second one that read everybody.
 */
import { Client } from "pg";
import { expect } from "vitest";
import { Workplace, type RunDocument } from "../support/rollcall.ts";
import type { Slapd } from "../support/slapd.ts";

export interface ConformanceServer {
  /** Lines of the directory's configuration: type, url, bind. */
  readonly settings: readonly string[];
  readonly suffix: string;
  readonly flavour: "ldap" | "active-directory";
  modify(ldif: string): void;
  restart(): Promise<void>;
  /** Keeps what it has now. @returns sets it back to that, as somebody does with a snapshot */
  snapshot(): Promise<() => Promise<void>>;
}

/** An OpenLDAP for a scenario. */
export function slapdServer(slapd: Slapd): ConformanceServer {
  return {
    settings: [
      "type: ldap",
      `url: ${slapd.url}`,
      `bind: { dn: "${slapd.adminDn}", password: "${slapd.password}" }`,
    ],
    suffix: slapd.suffix,
    flavour: "ldap",
    modify: (ldif) => slapd.modify(ldif),
    restart: () => slapd.restart(),
    snapshot: () => slapd.snapshot(),
  };
}

export interface ConformanceOptions {
  /** The way that every incremental import has to take. */
  readonly way: string;
  /** Further lines of the configuration. */
  readonly more?: readonly string[];
  /** Instead of the whole root: the sections `users` and `groups`, made from it. */
  readonly users?: (root: string) => string;
  readonly groups?: (root: string) => string;
}

export interface ReadDocument extends RunDocument {
  readonly trigger: string;
  readonly way: string | null;
  readonly server: string | null;
  readonly converted: { readonly code: string; readonly reason: string } | null;
  readonly groups: { readonly changed: number; readonly removed: number } | null;
}

const PEOPLE = 30;

export class Conformance {
  readonly server: ConformanceServer;
  readonly options: ConformanceOptions;
  readonly place: Workplace;
  readonly root: string;
  #yaml: string;

  static async create(
    server: ConformanceServer,
    name: string,
    options: ConformanceOptions,
  ): Promise<Conformance> {
    return new Conformance(server, name, options, await Workplace.create("postgres"));
  }

  private constructor(
    server: ConformanceServer,
    name: string,
    options: ConformanceOptions,
    place: Workplace,
  ) {
    this.server = server;
    this.options = options;
    this.place = place;
    this.root = `ou=${name},${server.suffix}`;
    const kind = server.flavour === "ldap" ? "inetOrgPerson" : "user";
    const lines = [
      ...server.settings,
      `users: ${
        options.users?.(this.root) ??
        `{ base: "${this.root}", filter: "(&(objectClass=${kind})(employeeType=staff))" }`
      }`,
      `groups: ${options.groups?.(this.root) ?? `{ base: "${this.root}" }`}`,
      ...(options.more ?? []),
      "toOkta:",
      "  login: appuser.mail",
      "  email: appuser.mail",
      "  firstName: appuser.givenName",
      "  lastName: appuser.sn",
      "  title: appuser.title",
    ];
    this.#yaml = `directories:\n  corp:\n${lines.map((line) => `    ${line}\n`).join("")}`;
    place.configure(this.#yaml);
  }

  /** Changes the configuration. */
  reconfigure(from: string, to: string): void {
    this.#yaml = this.#yaml.replace(from, to);
    this.place.configure(this.#yaml);
  }

  /** A person's DN, in the container a or b. */
  dn(number: number, container = number % 2 === 0 ? "a" : "b"): string {
    const rdn = this.server.flavour === "ldap" ? "uid" : "cn";
    return `${rdn}=p${number},ou=${container},${this.root}`;
  }

  /** A person as LDIF. */
  person(number: number): string {
    const mail = `p${number}.${/^ou=([^,]+)/.exec(this.root)?.[1]}@example.org`;
    const names = `givenName: Given${number}\nsn: Family${number}\nmail: ${mail}\nemployeeType: staff\ntitle: Clerk\n`;
    if (this.server.flavour === "ldap")
      return `dn: ${this.dn(number)}\nobjectClass: inetOrgPerson\nuid: p${number}\ncn: Person ${number}\n${names}\n`;
    return `dn: ${this.dn(number)}\nobjectClass: user\nuserAccountControl: 544\nsAMAccountName: ${mail.split("@")[0]}\n${names}\n`;
  }

  #group(name: string, members: readonly string[]): string {
    const ad = this.server.flavour === "active-directory";
    const account = ad
      ? `sAMAccountName: ${name}-${/^ou=([^,]+)/.exec(this.root)?.[1]}\n`
      : `cn: ${name}\n`;
    const lines = members.map((dn) => `member: ${dn}\n`).join("");
    return `dn: cn=${name},${this.root}\nobjectClass: ${ad ? "group" : "groupOfNames"}\n${account}${lines}\n`;
  }

  change(dn: string, ...changes: readonly string[]): void {
    this.server.modify(`dn: ${dn}\nchangetype: modify\n${changes.join("\n-\n")}\n`);
  }

  rename(dn: string, rdn: string, superior?: string): void {
    const to = superior === undefined ? "" : `newsuperior: ${superior}\n`;
    this.server.modify(`dn: ${dn}\nchangetype: modrdn\nnewrdn: ${rdn}\ndeleteoldrdn: 1\n${to}`);
  }

  fill(): void {
    const ou = (dn: string): string => `dn: ${dn}\nobjectClass: organizationalUnit\n\n`;
    this.server.modify(
      [
        ou(this.root),
        ou(`ou=a,${this.root}`),
        ou(`ou=b,${this.root}`),
        ...Array.from({ length: PEOPLE }, (_, i) => this.person(i)),
        this.#group("inner", [this.dn(0), this.dn(1)]),
        this.#group("outer", [`cn=inner,${this.root}`]),
      ].join(""),
    );
    // Groups that contain each other are no trouble.
    if (this.server.flavour === "ldap")
      this.change(`cn=inner,${this.root}`, `add: member\nmember: cn=outer,${this.root}`);
  }

  async import(...args: readonly string[]): Promise<ReadDocument> {
    return await this.place.json<ReadDocument>("import", "corp", ...args);
  }

  /** Imports changes; they must have been read in the expected way, and nothing may be missing. */
  async step(counts: Readonly<Record<string, number>>): Promise<ReadDocument> {
    const run = await this.import("--incremental");
    expect(run).toMatchObject({
      status: "done",
      type: "incremental",
      way: this.options.way,
      converted: null,
      error: null,
    });
    expect(run.counts).toMatchObject({ created: 0, updated: 0, removed: 0, failed: 0, ...counts });
    await this.expectWhole();
    return run;
  }

  /** Imports changes where everybody has to be read, for this reason. */
  async stepConverted(...codes: readonly string[]): Promise<void> {
    const run = await this.import("--incremental");
    expect(run).toMatchObject({ status: "done", type: "full", error: null });
    const code = run.converted?.code;
    expect(codes).toContain(code);
    const told = await this.place.events(
      `eventType eq "system.import.incremental_converted_to_full" and transaction.id eq "${run.run}"`,
    );
    expect(told.map((event) => event.debugContext.debugData["reasonCode"])).toEqual([code]);
    await this.expectWhole();
  }

  /** The store equals one into which everybody was read just now. */
  async expectWhole(): Promise<void> {
    const fresh = await Workplace.create("postgres");
    fresh.configure(this.#yaml);
    const run = await fresh.json<RunDocument>("import", "corp", "--full");
    expect(run).toMatchObject({ status: "done", error: null });
    expect(await storedContents(this.place)).toEqual(await storedContents(fresh));
    fresh.remove();
  }

  async sql<T>(text: string): Promise<T[]> {
    return await query<T>(this.place, text);
  }
}

async function query<T>(place: Workplace, text: string): Promise<T[]> {
  const client = new Client({ connectionString: place.databaseUrl ?? "" });
  await client.connect();
  try {
    return (await client.query(text)).rows as T[];
  } finally {
    await client.end();
  }
}

/** What is known of a directory. `memberOf` changes without a trace on the person's side. */
export async function storedContents(place: Workplace): Promise<unknown> {
  return {
    people: await query(
      place,
      `select external_id, dn, status, profile - 'memberOf' as profile, error
       from app_users where status <> 'removed' order by external_id`,
    ),
    users: await query(
      place,
      `select u.login, u.status, u.profile from users u
       join app_users a on a.user_id = u.id where a.status <> 'removed' order by u.login`,
    ),
    objects: await query(
      place,
      `select external_id, kind, dn, dn_key, name, sid from directory_objects order by external_id`,
    ),
    members: await query(place, `select group_id, member from group_members order by 1, 2`),
  };
}

/** The whole story, in one directory and one way. */
export async function expectConformance(
  server: ConformanceServer,
  name: string,
  options: ConformanceOptions,
): Promise<void> {
  const story = await Conformance.create(server, name, options);
  const { place, root } = story;
  story.fill();
  const first = await story.import();
  expect(first).toMatchObject({ type: "full", status: "done", way: options.way });
  expect(first.counts).toMatchObject({ read: PEOPLE, created: PEOPLE, failed: 0 });
  await story.expectWhole();
  await story.step({});

  for (let i = 0; i < 9; i++) story.change(story.dn(i), "replace: title\ntitle: Director");
  story.change(story.dn(9), "delete: title"); // cleared is not the same as not sent
  await story.step({ updated: 10 });
  expect((await place.users()).get(`p9.${name}@example.org`)?.profile["title"]).toBeUndefined();

  for (let i = 10; i < 15; i++) server.modify(`dn: ${story.dn(i)}\nchangetype: delete\n`);
  await story.step({ removed: 5 });
  expect((await place.users()).get(`p10.${name}@example.org`)?.status).toBe("deprovisioned");

  const rdn = server.flavour === "ldap" ? "uid" : "cn";
  for (const i of [16, 17]) story.rename(story.dn(i), `${rdn}=renamed${i}`);
  story.rename(story.dn(18), `${rdn}=p18`, `ou=b,${root}`);
  await story.step({ updated: 3 });

  story.change(story.dn(20), "replace: employeeType\nemployeeType: guest");
  await story.step({ removed: 1 });
  story.change(story.dn(20), "replace: employeeType\nemployeeType: staff");
  await story.step({ updated: 1 });
  expect((await place.users()).get(`p20.${name}@example.org`)?.status).toBe("active");

  story.change(`cn=inner,${root}`, `add: member\nmember: ${story.dn(2)}`);
  await story.step({});
  const shown = await place.json<{ appUsers: { groups: { name: string; how: string }[] }[] }>(
    "users",
    "show",
    `p2.${name}@example.org`,
  );
  const groups = shown.appUsers[0]?.groups.map(({ name: group, how }) => `${group} ${how}`);
  expect(groups?.filter((group) => !group.includes("primary"))).toEqual([
    "inner direct",
    "outer nested",
  ]);
  story.change(`cn=inner,${root}`, `delete: member\nmember: ${story.dn(2)}`);
  server.modify(`dn: cn=outer,${root}\nchangetype: delete\n`);
  expect((await story.step({})).groups).toMatchObject({ removed: 1 });

  // A new container, and somebody in it.
  server.modify(`dn: ou=c,${root}\nobjectClass: organizationalUnit\n`);
  story.rename(story.dn(22), `${rdn}=p22`, `ou=c,${root}`);
  await story.step({ updated: 1 });
  story.rename(`ou=a,${root}`, "ou=renamed");
  await story.stepConverted("ou_change_detected");
  await story.step({});

  story.change(story.dn(21), "replace: title\ntitle: Before the restart");
  await server.restart();
  story.change(story.dn(23), "replace: title\ntitle: After the restart");
  server.modify(`dn: ${story.dn(25)}\nchangetype: delete\n`);
  await story.step({ updated: 2, removed: 1 });

  await story.sql(`update checkpoints set mark = jsonb_set(mark, '{positions}',
    (select jsonb_object_agg(key, 'Z2FyYmFnZQ==') from jsonb_each(mark->'positions')))`);
  server.modify(`dn: ${story.dn(27)}\nchangetype: delete\n`);
  const lost = await story.import("--incremental");
  expect(lost).toMatchObject({ status: "done", type: "full", error: null });
  expect(lost.converted?.code).toMatch(/^(?:checkpoint_refused|history_lost|server_changed)$/);
  expect(lost.counts).toMatchObject({ removed: 1 });
  await story.expectWhole();
  await story.step({});

  // Modification times overlap by minutes, and so would read again whatever changed here.
  if (options.way !== "timestamp") await expectSetBackIsNoticed(story);
  place.remove();
}

/**
 * A server is set back to a snapshot and grows past the position of before: what it lost, it does
 * not tell of as changed.
 */
export async function expectSetBackIsNoticed(story: Conformance): Promise<void> {
  const { server } = story;
  const grow = (title: string): void => {
    for (let i = 0; i < 5; i++) story.change(story.dn(5), `replace: title\ntitle: ${title} ${i}`);
  };
  const setBack = await server.snapshot();
  story.change(story.dn(1), "replace: title\ntitle: Lost");
  await story.step({ updated: 1 });
  await setBack();
  grow("Grown");
  // Some servers refuse the position themselves.
  await story.stepConverted("server_changed", "checkpoint_refused", "history_lost");
  await story.step({});
  server.modify(`dn: ${story.dn(29)}\nchangetype: delete\n`);
  await story.step({ removed: 1 });
  await setBack();
  grow("Grown again");
  expect(await story.import("--incremental")).toMatchObject({ status: "done", error: null });
  await story.expectWhole();
}

/** `serve` with `watch: true` and no schedule: whatever is imported, the directory has told of. */
export async function expectListening(server: ConformanceServer, name: string): Promise<void> {
  const story = await Conformance.create(server, name, {
    way: "contentSync",
    more: ["watch: true"],
  });
  const { place } = story;
  story.fill();
  const stop = new AbortController();
  const serving = place.runWith(stop.signal, "serve");
  await expect.poll(async () => (await place.users()).size, { timeout: 30_000 }).toBe(30);
  const titleOf = async (number: number): Promise<unknown> =>
    (await place.users()).get(`p${number}.${name}@example.org`)?.profile["title"];

  // The first import has ended; from here on only the directory's own word starts one.
  await expect.poll(() => running(place), { timeout: 30_000 }).toBe(0);
  story.change(story.dn(1), "replace: title\ntitle: Heard");
  await expect.poll(() => titleOf(1), { timeout: 30_000 }).toBe("Heard");
  server.modify(`dn: ${story.dn(3)}\nchangetype: delete\n`);
  await expect
    .poll(async () => (await place.users()).get(`p3.${name}@example.org`)?.status, {
      timeout: 30_000,
    })
    .toBe("deprovisioned");

  await server.restart();
  story.change(story.dn(5), "replace: title\ntitle: Heard again");
  await expect.poll(() => titleOf(5), { timeout: 60_000 }).toBe("Heard again");
  await expect.poll(() => running(place), { timeout: 30_000 }).toBe(0);
  stop.abort();
  const { status, err } = await serving;
  expect(status).toBe(0);
  expect(err).toContain("listening for changes");
  const runs = await place.json<ReadDocument[]>("imports");
  expect(new Set(runs.map((run) => run.trigger))).toEqual(new Set(["watch"]));
  await story.expectWhole();
  place.remove();
}

async function running(place: Workplace): Promise<number> {
  const runs = await place.json<RunDocument[]>("imports");
  return runs.filter((run) => run.status === "running").length;
}
