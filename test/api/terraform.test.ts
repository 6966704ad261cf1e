/** The traffic of Terraform's provider with Okta, as its makers recorded it, against Rollcall. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client, serveApi, tokenFor, type ServedApi } from "../support/api.ts";
import { readRecordings, Shape, type Exchange } from "../support/recordings.ts";
import { ldifPerson, Workplace } from "../support/rollcall.ts";

/** `test/fixtures/vcr` in a checkout of the provider's repository. */
const FOLDER = process.env["ROLLCALL_RECORDINGS"];

/**
 * What is allowed to be unlike: times that nobody keeps are null; whoever keeps no description has
 * none; a file has no place in a tree; nothing is offered that a link would lead to; and a profile
 * or a schema has the attributes of its own app.
 */
const EXCEPT =
  /\.(?:created|lastUpdated|lastMembershipUpdated|statusChanged|description|namingContext)$|_links\.(?:uploadLogo|deactivate)$|\.profile\.(?!login|firstName|lastName)\w+$|\.base\.properties\.(?!userName)\w+$/;

const GROUPS = `dn: cn=Engineering,ou=groups,dc=example,dc=org
objectClass: groupOfNames
cn: Engineering
entryUUID: g-engineering
member: uid=ada,ou=people,dc=example,dc=org
`;

describe.runIf(FOLDER !== undefined)("recordings of Terraform's provider", () => {
  let recorded: Exchange[];
  let place: Workplace;
  let api: ServedApi;
  let ask: ReturnType<typeof client>;
  /** What stands in a path of {person}, {group}, … */
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    recorded = readRecordings(FOLDER ?? "");
    place = await Workplace.create("postgres");
    const file = place.file(
      "people.ldif",
      [
        ldifPerson("ada", { mail: "ada@example.org", givenName: "Ada", sn: "Lovelace" }),
        GROUPS,
      ].join("\n"),
    );
    place.configure(`directories:
  corp:
    type: ldif
    path: ${file}
    groups: { filter: "(objectClass=groupOfNames)" }
    toOkta: { login: appuser.mail, email: appuser.mail, firstName: appuser.givenName, lastName: appuser.sn }
profile:
  attributes:
    array123: { title: Array, type: array }
apps:
  dx:
    type: scim
    label: DX
    url: http://127.0.0.1:9/scim/v2
    provisioning: { create: true, update: true }
    assign: [everyone]
`);
    const imported = await place.run("import", "corp");
    expect(imported, imported.err).toMatchObject({ status: 0 });
    api = await serveApi(place);
    ask = client(api.url, await tokenFor(place, "admin"));
    const first = async (path: string): Promise<string> => {
      const { body } = await ask("GET", path);
      return (body as { id: string }[])[0]?.id ?? `nothing at ${path}`;
    };
    ids["person"] = await first("/api/v1/users");
    ids["group"] = await first('/api/v1/groups?filter=type eq "APP_GROUP"');
    ids["mapping"] = await first("/api/v1/mappings");
    ids["type"] = await first("/api/v1/meta/types/user");
  });
  afterAll(async () => {
    await api.stop();
    place.remove();
  });

  /** Shape of what was answered to requests whose path has this form. */
  const shapeOf = (method: string, form: string): Shape => {
    const at = new RegExp(`^${form.replaceAll(/\{\w+\}/g, "(?!default|me/)[^/]+")}$`);
    const answers = recorded.filter(
      ({ method: was, path, status }) => was === method && status < 300 && at.test(path),
    );
    expect(answers.length, `recordings of ${method} ${form}`).toBeGreaterThan(0);
    return Shape.of(answers.map(({ answer }) => answer));
  };
  const filled = (form: string): string =>
    form.replaceAll(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? name);

  test.each([
    "/api/v1/users",
    "/api/v1/users/{person}",
    "/api/v1/users/{person}/groups",
    "/api/v1/users/{person}/roles",
    "/api/v1/groups",
    "/api/v1/groups/{group}",
    "/api/v1/groups/{group}/users",
    "/api/v1/apps",
    "/api/v1/apps/{dx}",
    "/api/v1/apps/{corp}",
    "/api/v1/apps/{dx}/users",
    "/api/v1/apps/{dx}/users/{person}",
    "/api/v1/apps/{dx}/groups",
    "/api/v1/apps/{dx}/connections/default",
    "/api/v1/apps/{dx}/features/USER_PROVISIONING",
    "/api/v1/apps/{corp}/features/INBOUND_PROVISIONING",
    "/api/v1/mappings",
    "/api/v1/mappings/{mapping}",
    "/api/v1/meta/schemas/user/default",
    "/api/v1/meta/schemas/apps/{dx}/default",
    "/api/v1/meta/types/user",
    "/api/v1/meta/types/user/{type}",
  ])("GET %s has what every recorded answer has, of the same types", async (form) => {
    const shape = shapeOf("GET", form);
    const { status, body } = await ask("GET", filled(form));
    expect(status, JSON.stringify(body)).toBe(200);
    expect(shape.unlike(body, EXCEPT)).toEqual([]);
  });

  test("every list that was asked for is answered, whatever its search, filter and order", async () => {
    const lists = new Set(["/api/v1/users", "/api/v1/groups", "/api/v1/apps", "/api/v1/mappings"]);
    const asked = new Set(
      recorded
        .filter(({ method, path, status }) => method === "GET" && status === 200 && lists.has(path))
        .map(({ path, query }) => `${path}?${query.toString()}`),
    );
    expect(asked.size).toBeGreaterThan(20);
    const refused: string[] = [];
    for (const path of asked) {
      const { status, body } = await ask("GET", path);
      if (status !== 200) refused.push(`${path}: ${status} ${JSON.stringify(body)}`);
    }
    expect(refused).toEqual([]);
  });

  test("whoever was created is created, answered in the same form, and deleted twice", async () => {
    const shape = shapeOf("POST", "/api/v1/users");
    const known = new Set([
      "login",
      "email",
      "firstName",
      "lastName",
      "postalAddress",
      "mobilePhone",
    ]);
    const bodies = recorded
      .filter(
        ({ method, path, status }) =>
          method === "POST" && path === "/api/v1/users" && status === 200,
      )
      .map(({ sent }) => sent as { profile: Record<string, unknown> })
      // There is one type of user here, under another name.
      .filter(
        (sent) => !("type" in sent) && Object.keys(sent.profile).every((name) => known.has(name)),
      );
    const byLogin = new Map(
      bodies.map((body) => [String(body.profile["login"]).toLowerCase(), body]),
    );
    expect(byLogin.size).toBeGreaterThan(20);
    for (const sent of byLogin.values()) {
      const { status, body } = await ask("POST", "/api/v1/users?activate=true", sent);
      expect(status, JSON.stringify([sent, body])).toBe(200);
      expect(shape.unlike(body, EXCEPT)).toEqual([]);
      const { id } = body as { id: string };
      for (const _ of ["deactivates", "deletes"])
        expect(await ask("DELETE", `/api/v1/users/${id}`)).toMatchObject({ status: 204 });
      expect(await ask("GET", `/api/v1/users/${id}`)).toMatchObject({ status: 404 });
    }
  });
});
