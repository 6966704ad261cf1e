/** What clients may change of the configuration, where the file may be written. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { Client } from "@okta/okta-sdk-nodejs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client, serveApi, tokenFor, type Answer, type ServedApi } from "../support/api.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

let place: Workplace;
let api: ServedApi;
let okta: Client;
let admin: (method: string, path: string, body?: unknown) => Promise<Answer>;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  place.environment["LDIF"] = place.file("p.ldif", simplePerson("ada"));
  place.configure(`# the whole company
directories:
  corp:
    type: ldif
    path: "\${LDIF}" # from the environment${SIMPLE_MAPPINGS}
apps:
  dx: { type: scim, url: "http://127.0.0.1:9/scim/v2", assign: [] } # the first one
`);
  expect(await place.run("import", "corp")).toMatchObject({ status: 0 });
  api = await serveApi(place, "configuration: writable");
  const token = await tokenFor(place, "admin");
  admin = client(api.url, token);
  okta = new Client({ orgUrl: api.url, token, cacheMiddleware: null });
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

const text = (): string => readFileSync(place.config, "utf8");

describe("a mapping", () => {
  test("is changed in place: comments and variables stay, and the daemon takes it over", async () => {
    const properties = {
      title: { expression: '"Dr."', pushStatus: "DONT_PUSH" },
      nickName: { expression: "appuser.givenName", pushStatus: "PUSH" },
    };
    const changed = await okta.profileMappingApi.updateProfileMapping({
      mappingId: "prm-corp",
      profileMapping: { properties } as never,
    });
    expect(changed.properties).toMatchObject(properties);
    expect(text()).toContain("# the whole company");
    expect(text()).toContain('path: "${LDIF}" # from the environment');
    expect(text()).toMatch(/title:\s+expression: '"Dr\."'\s+apply: create/);
    const run = await admin("POST", "/api/rollcall/v1/runs", {
      kind: "force-sync",
      directory: "corp",
    });
    expect(run.status).toBe(202);
    await expect
      .poll(async () => (await place.users()).get("ada@example.org")?.profile["nickName"], {
        timeout: 90_000,
      })
      .toBe("ada");
    const removed = await okta.profileMappingApi.updateProfileMapping({
      mappingId: "prm-corp",
      profileMapping: { properties: { nickName: null } } as never,
    });
    expect(removed.properties).not.toHaveProperty("nickName");
    expect(text()).not.toContain("nickName");
  });

  test("that is repeated is left as it is written", async () => {
    const before = text();
    const { body } = await admin("GET", "/api/v1/mappings/prm-corp");
    expect((await admin("POST", "/api/v1/mappings/prm-corp", body)).status).toBe(200);
    expect(text()).toBe(before);
  });

  test("that would not check changes nothing, and says why", async () => {
    const before = text();
    for (const [properties, cause] of [
      [{ title: { expression: "appuser.x +" } }, "toOkta.title"],
      [{ nothing: { expression: "appuser.x" } }, "Invalid target field nothing"],
      [{ title: { expression: 7 } }, "title:"],
      [{ title: { expression: "${PATH}" } }, "variable"],
      [{ email: null }, "email"],
    ] as const) {
      const { status, body } = await admin("POST", "/api/v1/mappings/prm-corp", { properties });
      expect([status, JSON.stringify(body)]).toEqual([
        400,
        expect.stringContaining(cause) as string,
      ]);
    }
    expect(text()).toBe(before);
  });

  test("of an app is changed as well, over the defaults that it has", async () => {
    const { status, body } = await admin("POST", "/api/v1/mappings/prm-dx", {
      properties: { title: { expression: '"at DX"', pushStatus: "PUSH" } },
    });
    expect([status, body]).toMatchObject([
      200,
      { properties: { title: { expression: '"at DX"' }, userName: {} } },
    ]);
    expect(text()).toContain("# the first one");
    // A default that is taken away stays away.
    const taken = await admin("POST", "/api/v1/mappings/prm-dx", { properties: { title: null } });
    expect((taken.body as { properties: object }).properties).not.toHaveProperty("title");
    expect((taken.body as { properties: object }).properties).toHaveProperty("userName");
  });

  test("is changed by several at once, and none of the changes is lost", async () => {
    const names = ["city", "state", "zipCode", "division", "organization"];
    const answers = await Promise.all(
      names.map((name) =>
        admin("POST", "/api/v1/mappings/prm-corp", {
          properties: { [name]: { expression: `"${name}"` } },
        }),
      ),
    );
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
    const { body } = await admin("GET", "/api/v1/mappings/prm-corp");
    expect(Object.keys((body as { properties: object }).properties)).toEqual(
      expect.arrayContaining(names),
    );
  });
});

test("a custom attribute comes, is used at once, and goes again", async () => {
  const property = {
    title: "Badge",
    type: "string",
    maxLength: 4,
    unique: "UNIQUE_VALIDATED",
    master: { type: "PROFILE_MASTER" },
    permissions: [{ principal: "SELF", action: "READ_ONLY" }],
    scope: "NONE",
  };
  const definitions = (badge: unknown) => ({
    definitions: { custom: { id: "#custom", type: "object", properties: { badge } } },
  });
  const added = await okta.schemaApi.updateUserProfile({
    schemaId: "default",
    userSchema: definitions(property) as never,
  });
  const custom = (schema: { definitions?: { custom?: { properties?: object } } }): unknown =>
    (schema.definitions?.custom?.properties as Record<string, object> | undefined)?.["badge"];
  const first = custom(added);
  expect(first).toMatchObject({ title: "Badge", maxLength: 4, unique: "UNIQUE_VALIDATED" });
  const read = await okta.schemaApi.getUserSchema({ schemaId: "default" });
  // Terraform's provider waits until both are the same.
  expect(custom(read)).toEqual(first);
  expect(
    (await admin("POST", "/api/v1/users/ada@example.org", { profile: { badge: "B-1" } })).status,
  ).toBe(200);
  expect(
    (await admin("POST", "/api/v1/users/ada@example.org", { profile: { badge: "too long" } }))
      .status,
  ).toBe(400);
  expect(
    (
      await admin(
        "POST",
        "/api/v1/meta/schemas/user/default",
        definitions({ ...property, master: { type: "OVERRIDE" } }),
      )
    ).status,
  ).toBe(400);
  expect(
    (
      await admin(
        "POST",
        "/api/v1/meta/schemas/user/default",
        definitions({ title: "x", type: "colour" }),
      )
    ).status,
  ).toBe(400);
  expect((await admin("POST", "/api/v1/meta/schemas/user/default", definitions(null))).status).toBe(
    200,
  );
  expect(text()).not.toContain("badge");
});

test("an app's toggles are switched, the others stay", async () => {
  const capabilities = { create: { lifecycleCreate: { status: "ENABLED" } } };
  const { status, body } = await admin(
    "PUT",
    "/api/v1/apps/dx/features/USER_PROVISIONING",
    capabilities,
  );
  expect([status, body]).toMatchObject([
    200,
    {
      status: "ENABLED",
      capabilities: {
        create: { lifecycleCreate: { status: "ENABLED" } },
        update: { profile: { status: "DISABLED" } },
      },
    },
  ]);
  expect((await place.json<{ provisioning: object }>("apps", "show", "dx")).provisioning).toEqual({
    create: true,
    update: false,
    deactivate: false,
  });
});

test("each version is in the System Log, with who made it and what was changed", async () => {
  const events = await place.events(
    'eventType eq "system.configuration.update" and actor.alternateId eq "admin"',
  );
  expect(events.length).toBeGreaterThan(5);
  expect(JSON.stringify(events)).toContain("directories.corp.toOkta.title");
});

test("what somebody changed in the file meanwhile is not taken over by it, faulty or not", async () => {
  const before = text();
  for (const changed of [`${before}# by hand\n`, `${before}  - : [`, ""]) {
    writeFileSync(place.config, changed);
    const change = { properties: { title: { expression: '"mine"' } } };
    const { status, body } = await admin("POST", "/api/v1/mappings/prm-corp", change);
    expect([status, JSON.stringify(body)]).toEqual([
      409,
      expect.stringContaining("SIGHUP") as string,
    ]);
    expect(text()).toBe(changed);
  }
  writeFileSync(place.config, before);
});

test("only administrators may, and only a file that may be written", async () => {
  const operator = client(api.url, await tokenFor(place, "operator"));
  const change = { properties: { title: { expression: '"no"' } } };
  expect(await operator("POST", "/api/v1/mappings/prm-corp", change)).toMatchObject({
    status: 403,
  });
  chmodSync(place.config, 0o444);
  const { status, body } = await admin("POST", "/api/v1/mappings/prm-corp", change);
  expect([status, body]).toMatchObject([403, { errorCode: "E0000006" }]);
  chmodSync(place.config, 0o644);
  expect(text()).not.toContain('"no"');
});
