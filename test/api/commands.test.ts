/** Commands that a daemon carries out: beside it on the embedded database, and from elsewhere. */
import { once } from "node:events";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { COMMAND_PERMISSIONS } from "../../src/cli/permissions.ts";
import { client, serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

let place: Workplace;
let api: ServedApi;
const daemonFile = (): string => `${place.folder}/data.daemon`;

const people = (count: number): string =>
  Array.from({ length: count }, (_, i) => simplePerson(`p${i}`)).join("");

beforeAll(async () => {
  place = await Workplace.create("embedded");
  const file = place.file("p.ldif", people(10));
  place.configure(`importSafeguard: { percent: 20, minimum: 5 }
directories:
  corp: { type: ldif, path: ${file}, importSafeguard: { percent: 20, minimum: 5 }, ${SIMPLE_MAPPINGS.trim().replace("toOkta:", "toOkta: {").replaceAll("\n", ",").replace("{,", "{")} } }
`);
  api = await serveApi(place);
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

describe("on the embedded database, beside the daemon", () => {
  test("commands work, and print and end as they would by themselves", async () => {
    expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
    const shown = await place.json<{ login: string }>("users", "show", "p1@example.org");
    expect(shown.login).toBe("p1@example.org");
    expect((await place.run("users", "show", "nobody@example.org")).status).toBe(1);
    const lines = (await place.run("users", "export", "--json")).out.trim().split("\n");
    expect(lines).toHaveLength(10);
    expect((await place.run("check")).out).toContain("database");
    expect((await place.run("users", "set", "p1@example.org", "no=way")).err).toContain(
      "no such attribute",
    );
  });

  test("a run that is held ends with the status for it, and the person is named who asked", async () => {
    place.file("p.ldif", people(3));
    const held = await place.run("import", "corp", "--json");
    expect(held.status).toBe(3);
    const { run } = JSON.parse(held.out) as { run: string };
    expect(await place.run("imports", "cancel", run)).toMatchObject({ status: 0 });
    const events = await place.events(
      `transaction.id eq "${run}" and eventType sw "system.import.roadblock"`,
    );
    expect(events.length).toBeGreaterThan(0);
  });

  test("two configurations are compared", async () => {
    const other = place.file("other.yaml", "");
    writeFileSync(
      other,
      readFileSync(place.config, "utf8").replace("title: appuser.title", "title: appuser.mail"),
    );
    const found = await place.run("preview", "corp", "--diff", other);
    expect(found, found.err).toMatchObject({ status: 0 });
  });

  test("another configuration is not answered by this one", async () => {
    const other = Workplace.at("");
    writeFileSync(other.config, readFileSync(place.config, "utf8"));
    const { status, err } = await other.run("users");
    expect([status, err]).toEqual([1, expect.stringContaining("not with") as string]);
  });

  test("the person is named who asked, as without a daemon", async () => {
    expect(await place.run("users", "set", "p1@example.org", "nickName=One")).toMatchObject({
      status: 0,
    });
    const [event] = await place.events(
      'eventType eq "user.account.update_profile" and actor.type eq "CommandLine"',
    );
    expect(event).toBeDefined();
  });

  test("whoever changed the file since is told that the daemon has not read it", async () => {
    const before = readFileSync(place.config, "utf8");
    writeFileSync(place.config, `${before}# changed\n`);
    expect((await place.run("users")).err).toContain("changed since the daemon read it");
    writeFileSync(place.config, before);
    expect((await place.run("users")).err).toBe("");
  });

  test("what a daemon left behind is not believed", async () => {
    const file = readFileSync(daemonFile(), "utf8");
    writeFileSync(daemonFile(), file.replace(/"lock":"\d+/, '"lock":"1'));
    expect((await place.run("users")).err).toContain("database.inUse");
    writeFileSync(daemonFile(), file);
    expect(await place.run("users")).toMatchObject({ status: 0 });
  });

  test("a browser's session opens the console's door, and not the one of this machine's commands", async () => {
    const { url } = await place.json<{ url: string }>("admin", "sign-in");
    const signedIn = await fetch(`${api.url}/api/rollcall/v1/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: api.url },
      body: JSON.stringify({ secret: url.slice(url.indexOf("=") + 1) }),
    });
    const cookie = (signedIn.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
    const local = (JSON.parse(readFileSync(daemonFile(), "utf8")) as { url: string }).url;
    const ask = async (at: string): Promise<number> =>
      (await fetch(`${at}/api/rollcall/v1/me`, { headers: { cookie, origin: at } })).status;
    expect(await ask(api.url)).toBe(200);
    expect(await ask(local)).toBe(401);
  });

  test("only the owner can read what lets commands in, and it goes with the daemon", async () => {
    expect(statSync(daemonFile()).mode & 0o777).toBe(0o600);
    await api.stop();
    expect(existsSync(daemonFile())).toBe(false);
    expect(await place.run("users")).toMatchObject({ status: 0 });
    api = await serveApi(place);
    expect(await place.run("users")).toMatchObject({ status: 0 });
  });
});

describe("from elsewhere", () => {
  const far = async (role: string, ...args: string[]): Promise<{ status: number; err: string }> => {
    const token = await tokenFor(
      place,
      role,
      `${role} ${args.join(" ").replaceAll(/[^a-z ]/g, "")}`,
    );
    const other = Workplace.at("");
    other.environment["ROLLCALL_TOKEN"] = token;
    return await other.run(...args, "--server", api.url);
  };

  test("commands do what the token's role may, and nothing else", async () => {
    expect(await far("viewer", "users")).toMatchObject({ status: 0 });
    const refused = await far("viewer", "import", "corp");
    expect([refused.status, refused.err]).toEqual([1, expect.stringContaining('"run"') as string]);
    expect(await far("operator", "import", "corp", "--dry-run")).toMatchObject({ status: 0 });
    expect((await far("operator", "tokens")).err).toContain("access.forbidden");
  });

  test("nothing of the other machine's files is read", async () => {
    for (const args of [
      ["preview", "corp", "--diff", "/etc/passwd"],
      ["preview", "corp", "--diff=/etc/passwd"],
    ])
      expect((await far("admin", ...args)).err).toContain("reads a file");
    const token = await tokenFor(place, "admin", "files");
    const ask = client(api.url, token);
    for (const args of [
      ["users", "--config", "/etc/passwd"],
      ["init", "/etc/passwd", "--yes"],
      ["mappings", "import", "/etc/passwd", "--directory", "corp"],
      ["evaluate", "--context", "/etc/passwd"],
      ["serve"],
    ]) {
      const response = await fetch(`${api.url}/api/rollcall/v1/commands`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ args }),
      });
      const text = await response.text();
      if (args[0] === "users") expect(text).toContain('"status":0');
      else expect(text, args.join(" ")).toMatch(/"status":[12]/);
      expect(text).not.toContain("root:");
    }
    expect((await ask("POST", "/api/rollcall/v1/commands", { args: [] })).status).toBe(400);
  });

  test("only the door of this machine takes the name of a file", async () => {
    const token = await tokenFor(place, "helpdesk", "curious");
    const ask = client(api.url, token);
    const args = ["preview", "--diff", "/etc/passwd"];
    const answer = await ask("POST", "/api/rollcall/v1/commands", { args, config: place.config });
    expect(answer).toMatchObject({ status: 400, body: { code: "request.invalid" } });
  });

  test("a command ends when its token is revoked", async () => {
    const token = await tokenFor(place, "viewer", "follower");
    const response = await fetch(`${api.url}/api/rollcall/v1/commands`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ args: ["logs", "--follow", "--json"] }),
    });
    const ended = response.text();
    expect(await place.run("tokens", "revoke", "follower")).toMatchObject({ status: 0 });
    expect(await ended).toContain('"status"');
  });

  test("no token is sent in clear to another machine, and nothing of an address is left out", async () => {
    const other = Workplace.at("");
    for (const server of [
      "http://rollcall.example.org",
      "https://x.example/path",
      "https://a:b@x.example",
      "x",
    ]) {
      const { status, err } = await other.run("users", "--server", server, "--token", "secret");
      expect([status, err]).toEqual([2, expect.stringContaining("--server takes") as string]);
    }
    expect(
      await other.run("users", "--server", api.url, "--token", "x", "--config", "y"),
    ).toMatchObject({ status: 2 });
  });

  test("Ctrl-C before the answer is told as that, not as a fault of the server", async () => {
    const ctrlC = new AbortController();
    const silent = createServer(() => ctrlC.abort()).listen(0, "127.0.0.1");
    await once(silent, "listening");
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const other = Workplace.at("");
    const ended = await other.runWith(ctrlC.signal, "users", "--server", url, "--token", "x");
    silent.close();
    expect([ended.status, ended.err]).toEqual([
      1,
      expect.stringContaining(`Interrupted before ${url} answered`) as string,
    ]);
    expect(ended.err).not.toContain("abort");
  });

  test("an address that does not answer, and a token that is none, are told", async () => {
    const other = Workplace.at("");
    expect(
      await other.run("users", "--server", "http://127.0.0.1:9", "--token", "x"),
    ).toMatchObject({
      status: 1,
      err: expect.stringContaining("does not answer") as string,
    });
    expect((await other.run("users", "--server", api.url, "--token", "x")).err).toContain("401");
    expect(await other.run("users", "--server", api.url)).toMatchObject({ status: 2 });
    const serve = await other.run("serve", "--server", api.url, "--token", "x");
    expect(serve).toMatchObject({
      status: 2,
      err: expect.stringContaining("this machine only") as string,
    });
  });
});

test("every command has a permission, or works where it is called only", async () => {
  const commandsIn = (help: string): string[] => {
    const listed = help.split("Commands:\n")[1]?.split("\n\n")[0] ?? "";
    const names = [...listed.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = ""]) => name);
    return names.filter((name) => name !== "help");
  };
  const groups = commandsIn((await place.run("--help")).out);
  expect(groups).toContain("imports");
  const here = new Set(["init", "serve", "evaluate", "mappings import"]);
  for (const group of groups) {
    const within = commandsIn((await place.run(group, "--help")).out);
    for (const name of within.length === 0 ? [group] : within.map((one) => `${group} ${one}`))
      expect(here.has(name) || Object.hasOwn(COMMAND_PERMISSIONS, name), name).toBe(true);
  }
});
