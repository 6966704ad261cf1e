/** Okta's official Node SDK, as it is published, against Rollcall. */
import { randomBytes } from "node:crypto";
import { Client } from "@okta/okta-sdk-nodejs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { databaseUrl, query } from "../support/postgres.ts";
import { ldifPerson, SIMPLE_MAPPINGS, Workplace } from "../support/rollcall.ts";

let place: Workplace;
let api: ServedApi;
let okta: Client;

const PEOPLE = [
  { uid: "ada", sn: "Lovelace", department: "Research", nick: "countess" },
  { uid: "bob", sn: "Babbage", department: "Research", nick: null },
  { uid: "cyd", sn: "charisse", department: "Sales", nick: null },
  { uid: "dee", sn: "Dee", department: "Sales", nick: null },
  { uid: "eve", sn: "Everett", department: "sales", nick: null },
];
const GROUPS = `dn: cn=Engineering,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: Engineering
entryUUID: g-engineering
member: uid=ada,ou=people,dc=example,dc=org
member: uid=bob,ou=people,dc=example,dc=org

dn: cn=Everybody,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: Everybody
entryUUID: g-everybody
member: cn=Engineering,ou=groups,dc=example,dc=org
member: uid=eve,ou=people,dc=example,dc=org
`;

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const people = PEOPLE.map(({ uid, sn, department, nick }) =>
    ldifPerson(uid, {
      mail: `${uid}@example.org`,
      givenName: uid.toUpperCase(),
      sn,
      departmentNumber: department,
      ...(nick === null ? {} : { displayName: nick }),
    }),
  );
  const file = place.file("people.ldif", [...people, GROUPS].join("\n"));
  place.configure(`directories:
  corp:
    type: ldif
    path: ${file}
    groups: { filter: "(objectClass=groupOfNames)" }
    toOkta:
      login: appuser.mail
      email: appuser.mail
      firstName: appuser.givenName
      lastName: appuser.sn
      nickName: { expression: appuser.displayName, apply: create }
      department: appuser.departmentNumber
profile:
  overrides: { title: okta, costCenter: [corp] }
  attributes:
    badge: { title: Badge, type: string, unique: true, maxLength: 12 }
    floor: { title: Floor, type: integer }
    tags: { title: Tags, type: array }
apps:
  dx:
    type: scim
    label: DX
    url: http://127.0.0.1:9/scim/v2
    provisioning: { create: true, update: true }
    assign: []
`);
  const imported = await place.run("import", "corp");
  expect(imported, imported.err).toMatchObject({ status: 0 });
  api = await serveApi(place);
  const token = await tokenFor(place, "admin");
  // An address that ends with a slash makes two of them.
  okta = new Client({ orgUrl: `${api.url}/`, token, cacheMiddleware: null });
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

/** Everything of a list, in its order. */
async function all<T>(list: Promise<AsyncIterable<T | null>>): Promise<T[]> {
  const found: T[] = [];
  for await (const one of await list) if (one !== null) found.push(one);
  return found;
}

const compare = (a: unknown, b: unknown): number => String(a).localeCompare(String(b));

const logins = async (query: object): Promise<(string | undefined)[]> =>
  (await all(okta.userApi.listUsers(query))).map((user) => user.profile?.login?.split("@")[0]);

/** What the SDK throws. */
async function refusal(
  asked: Promise<unknown>,
): Promise<{ status: number; errorCode: string; message: string }> {
  try {
    await asked;
  } catch (error) {
    return error as { status: number; errorCode: string; message: string };
  }
  throw new Error("it was not refused");
}

describe("users", () => {
  test("are listed page by page to the end, everybody once", async () => {
    expect((await logins({ limit: 2 })).toSorted(compare)).toEqual([
      "ada",
      "bob",
      "cyd",
      "dee",
      "eve",
    ]);
  });

  test("are found by a search over any attribute, without regard to case", async () => {
    const search = 'profile.department eq "SALES" and status eq "ACTIVE"';
    expect((await logins({ search, limit: 1 })).toSorted(compare)).toEqual(["cyd", "dee", "eve"]);
    expect(
      await logins({ search: 'profile.nickName pr or profile.lastName sw "bab"' }),
    ).toHaveLength(2);
    expect(await logins({ search: 'profile.login co "VE@"' })).toEqual(["eve"]);
  });

  test("come in the order that was asked for, over all pages", async () => {
    const search = "profile.login pr";
    const sortBy = "profile.lastName";
    const up = ["bob", "cyd", "dee", "eve", "ada"];
    expect(await logins({ search, sortBy, limit: 2 })).toEqual(up);
    expect(await logins({ search, sortBy, sortOrder: "desc", limit: 2 })).toEqual(up.toReversed());
    // As Terraform's provider sends it.
    expect(await logins({ search, sortBy, sortOrder: "0" })).toEqual(up);
  });

  test("are filtered exactly", async () => {
    expect(await logins({ filter: 'profile.lastName eq "charisse"' })).toEqual(["cyd"]);
    expect(await logins({ filter: 'profile.lastName eq "Charisse"' })).toEqual([]);
    expect(
      await logins({ filter: 'profile.firstName eq "ADA" OR profile.email eq "bob@example.org"' }),
    ).toHaveLength(2);
    expect(await logins({ filter: 'lastUpdated gt "2020-01-01T00:00:00.000Z"' })).toHaveLength(5);
  });

  test("are looked up by how a name begins", async () => {
    expect(await logins({ q: "ev" })).toEqual(["eve"]);
  });

  test("are got by id, by login, and by the login without its domain", async () => {
    const ada = await okta.userApi.getUser({ userId: "ada@example.org" });
    expect(ada.profile).toMatchObject({
      firstName: "ADA",
      lastName: "Lovelace",
      nickName: "countess",
    });
    expect(ada.credentials?.provider).toMatchObject({ type: "LDAP", name: "corp" });
    expect(ada.created).toBeInstanceOf(Date);
    expect(ada.activated).toBeInstanceOf(Date);
    expect((await okta.userApi.getUser({ userId: ada.id ?? "" })).id).toBe(ada.id);
    expect((await okta.userApi.getUser({ userId: "ada" })).id).toBe(ada.id);
    const refused = await refusal(okta.userApi.getUser({ userId: "a b/ö@x" }));
    expect(refused).toMatchObject({ status: 404, errorCode: "E0000007" });
  });

  test("are made, changed in parts and as a whole, suspended, deactivated and deleted", async () => {
    const { userApi } = okta;
    const profile = {
      login: "new@example.org",
      email: "new@example.org",
      firstName: "New",
      lastName: "Comer",
    };
    const more = { badge: "B-1", floor: 3, tags: ["a", "b"], postalAddress: null };
    const made = await userApi.createUser({
      // Terraform's provider always sends an empty password.
      body: { profile: { ...profile, ...more }, credentials: { password: {} } },
      activate: false,
    });
    const userId = made.id ?? "";
    expect(made).toMatchObject({
      status: "STAGED",
      profile: { badge: "B-1", floor: 3, tags: ["a", "b"] },
    });
    await okta.userApi.activateUser({ userId, sendEmail: false });
    const changed = await userApi.updateUser({ userId, user: { profile: { title: "Boss" } } });
    expect(changed).toMatchObject({ status: "ACTIVE", profile: { title: "Boss", badge: "B-1" } });
    const replaced = await userApi.replaceUser({ userId, user: { profile } });
    expect(replaced.profile).toMatchObject(profile);
    expect(replaced.profile).not.toHaveProperty("badge");
    await userApi.suspendUser({ userId });
    expect((await userApi.getUser({ userId })).status).toBe("SUSPENDED");
    await userApi.unsuspendUser({ userId });
    await userApi.deleteUser({ userId });
    expect((await userApi.getUser({ userId })).status).toBe("DEPROVISIONED");
    expect(await logins({ limit: 200 })).not.toContain("new");
    expect(await logins({ search: 'status eq "DEPROVISIONED"' })).toEqual(["new"]);
    await userApi.deleteUser({ userId });
    expect(await refusal(userApi.getUser({ userId }))).toMatchObject({ status: 404 });
  });

  test("keep what a directory owns, whatever else is asked in the same request", async () => {
    const { userApi } = okta;
    const before = await userApi.getUser({ userId: "bob" });
    const own = Object.fromEntries(
      Object.entries(before.profile ?? {}).filter(([, value]) => value !== null),
    );
    const changed = await userApi.replaceUser({
      userId: before.id ?? "",
      user: { profile: { ...own, title: "Engineer" } },
    });
    expect(changed.profile?.title).toBe("Engineer");
    const refused = await refusal(
      userApi.updateUser({
        userId: before.id ?? "",
        user: { profile: { title: "Clerk", department: "Sales" } },
      }),
    );
    expect(refused).toMatchObject({ status: 403, errorCode: "E0000023" });
    expect((await userApi.getUser({ userId: "bob" })).profile).toMatchObject({
      title: "Engineer",
      department: "Research",
    });
  });

  test("are refused with every cause where the values are not valid", async () => {
    const profile = {
      login: "ada@example.org",
      email: "no address",
      firstName: "X",
      lastName: "Y",
      shoe: "42",
    };
    const refused = await refusal(okta.userApi.createUser({ body: { profile } }));
    expect(refused).toMatchObject({ status: 400, errorCode: "E0000001" });
    expect(refused.message).toContain("login: An object with this field already exists");
    expect(refused.message).toContain("Property name 'shoe' is not defined in profile");
    expect(refused.message).toContain("email: ");
  });
});

describe("groups", () => {
  test("are found by name, with whoever is in them, also through other groups", async () => {
    const [everybody] = await all(okta.groupApi.listGroups({ q: "every" }));
    expect(everybody).toMatchObject({ type: "APP_GROUP", profile: { name: "Everybody" } });
    const groupId = everybody?.id ?? "";
    const members = await all(okta.groupApi.listGroupUsers({ groupId, limit: 2 }));
    expect(members.map((user) => user.profile?.firstName).toSorted(compare)).toEqual([
      "ADA",
      "BOB",
      "EVE",
    ]);
    expect((await okta.groupApi.getGroup({ groupId })).profile?.name).toBe("Everybody");
    const own = await all(okta.userApi.listUserGroups({ userId: "ada" }));
    expect(own.map((group) => group.profile?.name).toSorted(compare)).toEqual([
      "Engineering",
      "Everybody",
    ]);
    expect(await refusal(okta.groupApi.deleteGroup({ groupId }))).toMatchObject({ status: 501 });
  });
});

describe("apps", () => {
  test("are the directories and the apps of the configuration", async () => {
    const apps = await all(okta.applicationApi.listApplications({ limit: 1 }));
    expect(apps.map(({ label }) => label)).toEqual(["corp", "dx"]);
    const corp = await okta.applicationApi.getApplication({ appId: "corp" });
    expect(corp.signOnMode).toBeNull();
    expect(corp.features).toContain("PROFILE_MASTERING");
    expect(await refusal(okta.applicationApi.getApplication({ appId: "none" }))).toMatchObject({
      status: 404,
      errorCode: "E0000007",
    });
  });

  test("have people: of a directory those whom it shows, of an app those who are assigned", async () => {
    const { applicationApi } = okta;
    const people = await all(applicationApi.listApplicationUsers({ appId: "corp", limit: 2 }));
    expect(people.map((one) => one.externalId).toSorted(compare)).toHaveLength(5);
    const ada = await okta.userApi.getUser({ userId: "ada" });
    const entry = await applicationApi.getApplicationUser({ appId: "corp", userId: ada.id ?? "" });
    expect(entry).toMatchObject({ id: ada.id, status: "PROVISIONED", syncState: "SYNCHRONIZED" });
    expect(entry.profile).toMatchObject({ departmentNumber: "Research" });
    const assigned = await applicationApi.assignUserToApplication({
      appId: "dx",
      appUser: { id: ada.id ?? "" },
    });
    expect(assigned).toMatchObject({ id: ada.id, scope: "USER" });
    await applicationApi.unassignUserFromApplication({ appId: "dx", userId: ada.id ?? "" });
  });

  test("have features and connections", async () => {
    const [inbound] = await all(okta.applicationApi.listFeaturesForApplication({ appId: "corp" }));
    expect(inbound).toMatchObject({ name: "INBOUND_PROVISIONING", status: "ENABLED" });
    const connection = await okta.applicationApi.getDefaultProvisioningConnectionForApplication({
      appId: "dx",
    });
    expect(connection).toMatchObject({ status: "ENABLED", baseUrl: "http://127.0.0.1:9/scim/v2" });
  });
});

describe("mappings and schemas", () => {
  test("a directory's mapping has its expressions; one for creation only is not pushed", async () => {
    const mappings = await all(okta.profileMappingApi.listProfileMappings({ sourceId: "corp" }));
    expect(mappings).toHaveLength(1);
    const mapping = await okta.profileMappingApi.getProfileMapping({
      mappingId: mappings[0]?.id ?? "",
    });
    expect(mapping.properties).toMatchObject({
      login: { expression: "appuser.mail", pushStatus: "PUSH" },
      nickName: { expression: "appuser.displayName", pushStatus: "DONT_PUSH" },
    });
    const change = { properties: { title: { expression: "appuser.title", pushStatus: "PUSH" } } };
    const refused = await refusal(
      okta.profileMappingApi.updateProfileMapping({
        mappingId: mapping.id ?? "",
        profileMapping: change as never,
      }),
    );
    expect(refused).toMatchObject({ status: 403, errorCode: "E0000006" });
    expect(refused.message).toContain("directories.corp.toOkta");
  });

  test("the user's schema has base and custom attributes, and whose each is", async () => {
    const schema = await okta.schemaApi.getUserSchema({ schemaId: "default" });
    const base = schema.definitions?.base?.properties as unknown as Record<string, object>;
    const custom = schema.definitions?.custom?.properties as Record<string, object>;
    expect(Object.keys(base)).toHaveLength(31);
    expect(base["title"]).toMatchObject({ master: { type: "OKTA" } });
    expect(base["costCenter"]).toMatchObject({ master: { type: "OVERRIDE" } });
    expect(custom["badge"]).toMatchObject({
      type: "string",
      maxLength: 12,
      unique: "UNIQUE_VALIDATED",
    });
    const [type] = await all(okta.userTypeApi.listUserTypes());
    expect(type).toMatchObject({ name: "user", _default: true });
  });
});

describe("the System Log", () => {
  test("is read in bounds of time to its end, with who asked and from where", async () => {
    await okta.userApi.updateUser({ userId: "cyd", user: { profile: { title: "Dancer" } } });
    const filter = 'eventType eq "user.account.update_profile" and actor.type eq "Token"';
    const events = await all(
      okta.systemLogApi.listLogEvents({
        since: "2020-01-01T00:00:00Z",
        until: "2038-01-01T00:00:00Z",
        filter,
        limit: 1,
      }),
    );
    expect(events.at(-1)).toMatchObject({
      actor: { alternateId: "admin", type: "Token" },
      client: { ipAddress: "127.0.0.1" },
      outcome: { result: "SUCCESS" },
    });
    const refused = await refusal(
      (await okta.systemLogApi.listLogEvents({ filter: "eventType eqq 1" })).next(),
    );
    expect(refused).toMatchObject({ status: 400, errorCode: "E0000031" });
  });

  test("is followed: an empty page has a next one, which has what came meanwhile", async () => {
    const found = await okta.systemLogApi.listLogEvents({
      filter: 'eventType eq "system.api_token.create" and target.alternateId eq "late"',
      limit: 10,
    });
    expect((await found.next()).value).toBeFalsy();
    await tokenFor(place, "viewer", "late");
    await expect
      .poll(async () => (await found.next()).value?.displayMessage, { timeout: 90_000 })
      .toBe("Create API token");
  });
});

test("agents are the servers of directories; files have none", async () => {
  expect(await all(okta.agentPoolsApi.listAgentPools())).toEqual([]);
});

test("a short name is one person's whole name before the @, whatever the database's language", async () => {
  const { postgresUrl } = inject("servers");
  const name = `t_icu_${randomBytes(6).toString("hex")}`;
  await query(
    postgresUrl,
    `create database ${name} template template0 locale_provider icu icu_locale 'en-US' locale 'C.UTF-8'`,
  );
  const other = Workplace.at(databaseUrl(postgresUrl, name));
  const file = other.file(
    "p.ldif",
    ldifPerson("ada1", { mail: "ada1@example.org", givenName: "A", sn: "L" }),
  );
  other.configure(`directories:\n  corp:\n    type: ldif\n    path: ${file}${SIMPLE_MAPPINGS}`);
  expect(await other.run("import", "corp")).toMatchObject({ status: 0 });
  const served = await serveApi(other);
  const token = await tokenFor(other, "viewer");
  const { userApi } = new Client({ orgUrl: served.url, token, cacheMiddleware: null });
  expect((await userApi.getUser({ userId: "ada1" })).profile?.login).toBe("ada1@example.org");
  // In the order of letters of English, ada1@ stands between ada@ and adaA.
  expect(await refusal(userApi.getUser({ userId: "ada" }))).toMatchObject({ status: 404 });
  await served.stop();
});
