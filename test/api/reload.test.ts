/** A daemon that reads its configuration again, while it works. */
import { readFileSync, writeFileSync } from "node:fs";
import { Client } from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DATABASES, SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";
import { client, serveApi, tokenFor, type Answer, type ServedApi } from "../support/api.ts";
import { describe } from "vitest";

describe.each(DATABASES)("on %s", (kind) => {
  let place: Workplace;
  let api: ServedApi;
  let admin: (method: string, path: string, body?: unknown) => Promise<Answer>;

  beforeAll(async () => {
    place = await Workplace.create(kind);
    const people = Array.from({ length: 5000 }, (_, i) => simplePerson(`p${i}`)).join("");
    const file = place.file("p.ldif", people);
    place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
    api = await serveApi(place);
    admin = client(api.url, await tokenFor(place, "admin"));
  });
  afterAll(async () => {
    await api.stop();
    place.remove();
  });

  const change = (from: string, to: string): void => {
    const text = readFileSync(place.config, "utf8");
    expect(text).toContain(from);
    writeFileSync(place.config, text.replace(from, to));
    place.hangups.tell();
  };
  const titleMapping = async (): Promise<unknown> => {
    const { body } = await admin("GET", "/api/v1/mappings/prm-corp");
    return (body as { properties: Record<string, { expression: string }> }).properties["title"]
      ?.expression;
  };

  test("what is being done goes on by the old one; what begins then, by the new one", async () => {
    const started = await admin("POST", "/api/rollcall/v1/runs", {
      kind: "import",
      directory: "corp",
    });
    const { run } = started.body as { run: string };
    change("title: appuser.title", `title: '"changed"'`);
    await expect.poll(titleMapping, { timeout: 90_000 }).toBe('"changed"');
    const statusOf = async (): Promise<unknown> =>
      ((await admin("GET", `/api/rollcall/v1/runs/${run}`)).body as { status: string }).status;
    await expect.poll(statusOf, { timeout: 180_000 }).toBe("done");
    expect((await admin("GET", `/api/rollcall/v1/runs/${run}`)).body).toMatchObject({
      counts: { created: 5000 },
    });
    const shown = async () =>
      await place.json<{ profile: { title?: string } }>("users", "show", "p1@example.org");
    expect((await shown()).profile.title).toBeUndefined();
    expect(await place.run("force-sync", "corp")).toMatchObject({ status: 0 });
    expect((await shown()).profile.title).toBe("changed");
  });

  test("a faulty one is refused, and the one before goes on", async () => {
    change(`title: '"changed"'`, `title: '"changed" +'`);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await titleMapping()).toBe('"changed"');
    change(`title: '"changed" +'`, `title: '"again"'`);
    await expect.poll(titleMapping, { timeout: 90_000 }).toBe('"again"');
  });

  test("a directory that comes or goes is there, or not, without a start", async () => {
    change(
      "directories:\n",
      `directories:\n  hr: { type: ldif, path: ${place.file("hr.ldif", simplePerson("zoe"))}, onNoMatch: ignore, toOkta: {} }\n`,
    );
    const labels = async (): Promise<unknown> =>
      ((await admin("GET", "/api/v1/apps")).body as { label: string }[]).map(({ label }) => label);
    await expect.poll(labels, { timeout: 90_000 }).toEqual(["corp", "hr"]);
    expect(
      await admin("POST", "/api/rollcall/v1/runs", { kind: "import", directory: "hr" }),
    ).toMatchObject({ status: 202 });
  });
});

test("that something waits for the next start is told of where it listens, and of nothing that takes effect at once", async () => {
  const place = await Workplace.create("postgres");
  const file = place.file("p.ldif", simplePerson("ada"));
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  const api = await serveApi(place);
  const admin = client(api.url, await tokenFor(place, "admin"));
  const addressOf = async (name: string): Promise<string | undefined> => {
    const token = await tokenFor(place, "admin", name);
    await fetch(`${api.url}/api/v1/users`, {
      method: "POST",
      headers: {
        authorization: `SSWS ${token}`,
        "content-type": "application/json",
        "x-forwarded-for": "203.0.113.9",
      },
      body: JSON.stringify({
        profile: { login: `${name}@x.org`, email: `${name}@x.org`, firstName: "A", lastName: "B" },
      }),
    });
    const [event] = (await place.events(
      `eventType eq "user.lifecycle.create" and target.alternateId eq "${name}@x.org"`,
    )) as unknown as { client: { ipAddress: string } }[];
    return event?.client.ipAddress;
  };
  expect(await addressOf("before")).toMatch(/127\.0\.0\.1/);
  const change = (from: RegExp, to: string): void => {
    writeFileSync(place.config, readFileSync(place.config, "utf8").replace(from, to));
    place.hangups.tell();
  };
  let made = 0;
  change(
    /^(http: \{.*) \}$/m,
    "$1, trustedProxies: [127.0.0.0/8], searchIndexes: [profile.title] }",
  );
  await expect.poll(() => addressOf(`after${made++}`), { timeout: 30_000 }).toBe("203.0.113.9");
  const database = new Client({ connectionString: place.databaseUrl ?? "" });
  await database.connect();
  const indexes = async (): Promise<number | null> =>
    (await database.query("select 1 from pg_indexes where indexname like 'users_search_by_title%'"))
      .rowCount;
  await expect.poll(indexes, { timeout: 30_000 }).toBe(1);
  await database.end();
  change(/^(http: \{.*) \}$/m, '$1, host: "127.0.0.2" }');
  change(/title: appuser.title/, `title: '"read"'`);
  const title = async (): Promise<unknown> =>
    (await admin("GET", "/api/v1/mappings/prm-corp")).body;
  await expect
    .poll(async () => JSON.stringify(await title()), { timeout: 30_000 })
    .toContain("read");
  const { err } = await api.stop();
  expect(err.match(/http was changed/g)).toHaveLength(1);
  place.remove();
});
