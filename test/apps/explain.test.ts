/** `explain LOGIN ATTRIBUTE --app APP`: every reason why an app has not the value that somebody expects. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { refusal } from "../support/scripted-scim.ts";

let place: AppPlace;
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  await place.remove();
});

const CORE = "urn:ietf:params:scim:schemas:core:2.0:User";

interface Explained {
  readonly cause: {
    readonly code: string;
    readonly sentence: string;
    readonly command: string | null;
  };
  readonly stages: readonly { readonly stage: string; readonly ok: boolean | null }[];
  readonly [key: string]: unknown;
}

async function explain(attribute?: string, ...more: string[]): Promise<Explained> {
  const words = attribute === undefined ? [] : [attribute];
  return await place.json<Explained>(
    "explain",
    "ada@example.org",
    ...words,
    "--app",
    "dx",
    ...more,
  );
}

function configure(provisioning: string, more = ""): void {
  place.configure(`
    provisioning: { ${provisioning} }
    ${more === "" ? "assign: [everyone]" : more}`);
}

const ALL = "create: true, update: true, deactivate: true";

test("unchanged since the last push", async () => {
  await place.start({ people: ["ada"], ada: { title: "Countess" } });
  await place.push();
  const { cause, stages } = await explain("title");
  expect(cause).toMatchObject({ code: "inStep" });
  expect(cause.sentence).toContain("is not sent again");
  expect(stages.every(({ ok }) => ok === true)).toBe(true);
  expect((await explain()).cause.code).toBe("inStep");
  const { out } = await place.run("explain", "ada@example.org", "title", "--app", "dx");
  expect(out).toContain("acknowledged: Countess");
});

test("credential wrong: the app is paused", async () => {
  await place.start({ people: ["ada"] });
  place.scim.hook = () => refusal(401, "token expired");
  await place.push();
  const { cause } = await explain("title");
  expect(cause).toMatchObject({ code: "paused", command: "rollcall tasks retry --app dx" });
  expect(cause.sentence).toContain("credentials");
});

test("the update toggle is off", async () => {
  configure("create: true");
  await place.import({ people: ["ada"], ada: { title: "Countess" } });
  await place.push();
  await place.import({ people: ["ada"], ada: { title: "Engineer" } });
  await place.push();
  const { cause, stages } = await explain("title");
  expect(cause.code).toBe("updateOff");
  expect(cause.sentence).toContain("Update User Attributes is off");
  expect(stages).toContainEqual(expect.objectContaining({ stage: "toggle", ok: false }));
});

test("mapping wrong: it gives nothing, fails, or is not there", async () => {
  configure(
    ALL,
    `assign: [everyone]
    toApp: { nickName: user.costCenter, userType: }`,
  );
  await place.import({ people: ["ada"] });
  await place.push();
  expect((await explain("nickName")).cause.code).toBe("noValue");
  expect((await explain("userType")).cause.code).toBe("notMapped");
  configure(
    ALL,
    `assign: [everyone]
    toApp: { nickName: 'Convert.toInt(user.displayName)' }`,
  );
  await place.push();
  expect((await explain("nickName")).cause).toMatchObject({ code: "mappingFails" });
});

test("the external id is missing, because it was assigned before provisioning was on", async () => {
  configure("update: true");
  await place.import({ people: ["ada"] });
  await place.push();
  const { cause, externalId } = await explain("title");
  expect(externalId).toBeNull();
  expect(cause.code).toBe("createOff");
  expect(cause.sentence).toContain("external id");
  configure(ALL);
  expect((await explain("title")).cause.code).toBe("pending");
});

test("assigned by a group, which is what has to change", async () => {
  configure(ALL, `assign: [{ group: { directory: corp, name: Eng } }]`);
  const group = `\ndn: cn=Eng,dc=example,dc=org\nobjectClass: groupOfNames\ncn: Eng\nmember: uid=ada,ou=people,dc=example,dc=org\n`;
  await place.import({ people: ["ada"], groups: [group] });
  await place.push();
  expect(await explain()).toMatchObject({ assigned: { kind: "group", name: "Eng" } });
});

test("not assigned: nobody, or only this person", async () => {
  configure(ALL, "assign: []");
  await place.import({ people: ["ada", "bob"] });
  await place.push();
  expect((await explain("title")).cause).toMatchObject({
    code: "nobodyAssigned",
    command: "rollcall apps assign dx ada@example.org",
  });
  await place.run("apps", "assign", "dx", "bob@example.org");
  await place.push();
  const { cause } = await explain("title");
  expect(cause.code).toBe("notAssigned");
  expect(cause.sentence).toContain("not assigned");
});

test("the app dropped the attribute, and where it was sent", async () => {
  configure(
    ALL,
    `assign: [everyone]
    attributes: { team: { externalName: team, externalNamespace: "urn:wrong:1.0" } }
    toApp: { team: user.department }`,
  );
  await place.import({ people: ["ada"], ada: { departmentNumber: "Sales" } });
  place.scim.hook = ({ method, path, body }) => {
    if (method !== "POST" || path !== "/Users") return undefined;
    const { "urn:wrong:1.0": _, ...kept } = body;
    return { status: 201, body: place.scim.addUser(kept) };
  };
  await place.push();
  const { cause } = await explain("team");
  expect(cause.code).toBe("notKept");
  expect(cause.sentence).toContain("did not keep");
  expect(cause.sentence).toContain("urn:wrong:1.0");
});

test("an attribute without external name or namespace is refused by the configuration", async () => {
  configure(
    ALL,
    `assign: [everyone]
    attributes: { team: { externalName: team } }
    toApp: { team: user.department }`,
  );
  const { status, err } = await place.run("check");
  expect(status).toBe(2);
  expect(err).toContain("externalNamespace is missing");
});

test.each([
  [
    'rank: { externalName: title, externalNamespace: "urn:ietf:params:scim:schemas:core:2.0:User" }',
    "rank and title go to the same place",
  ],
  [
    'active: { externalName: on, externalNamespace: "urn:example:1.0" }',
    "give the attribute another name",
  ],
])("an attribute that would write over another one is refused: %s", async (attribute, words) => {
  place.configure(`\n    assign: [everyone]\n    attributes: { ${attribute} }\n`);
  const { status, err } = await place.run("apps", "check", "dx");
  expect(status).toBe(2);
  expect(err).toContain(words);
  place.configure(
    `\n    assign: [everyone]\n    attributes: { rank: { externalName: title, externalNamespace: "urn:ietf:params:scim:schemas:core:2.0:User" } }\n    toApp: { title: "", rank: user.title }\n`,
  );
  expect((await place.run("apps", "show", "dx")).status).toBe(0);
});

test.each([
  ["the place of our own id", "externalName: externalId", "", "externalId is set by Rollcall"],
  ["whether it is on", "externalName: active", "", "active is set by Rollcall"],
  ["text for a truth value", "externalName: x, type: boolean", '"true"', "without quotes"],
  ["a number for text", "externalName: x", "7", 'write "7"'],
])(
  "an attribute that goes wrong is refused by the configuration: %s",
  async (_, of, value, told) => {
    configure(
      ALL,
      `assign: [{ everyone: true, values: { ${value === "" ? "" : `team: ${value}`} } }]
    attributes:
      team: { ${of}, externalNamespace: "urn:ietf:params:scim:schemas:core:2.0:User" }`,
    );
    const { status, err } = await place.run("check");
    expect(status).toBe(2);
    expect(err).toContain(told);
  },
);

test("what somebody changed in the app is found with --live", async () => {
  await place.start({ people: ["ada"], ada: { title: "Countess" } });
  await place.push();
  const [user] = [...place.scim.users.values()];
  place.scim.users.set(user?.id ?? "", { ...user, id: user?.id ?? "", title: "Duchess" });
  expect((await explain("title")).cause.code).toBe("inStep");
  expect(await explain("title", "--live")).toMatchObject({
    live: "Duchess",
    cause: { code: "changedThere" },
  });
});

test("given on creation only, pending, refused, switched off here", async () => {
  configure(
    ALL,
    `assign: [everyone]
    toApp: { title: { expression: user.title, apply: create } }`,
  );
  await place.import({ people: ["ada"], ada: { title: "Countess" } });
  await place.push();
  await place.import({ people: ["ada"], ada: { title: "Engineer" } });
  await place.push();
  expect((await explain("title")).cause.code).toBe("createOnly");
  configure(ALL);
  expect((await explain("title")).cause.code).toBe("pending");
  place.scim.hook = ({ method }) => (method === "PUT" ? refusal(400, "no titles") : undefined);
  await place.push();
  expect((await explain("title")).cause).toMatchObject({ code: "failing" });
  expect((await explain("title")).cause.sentence).toContain("no titles");
  await place.run("users", "deactivate", "ada@example.org");
  expect((await explain("title")).cause.code).toBe("userInactive");
});

test("an attribute of the user profile means the one that it is mapped to", async () => {
  await place.start({ people: ["ada"] });
  expect((await explain("lastName"))["attribute"]).toBe("familyName");
  const wrong = await place.run("explain", "ada@example.org", "titel", "--app", "dx");
  expect(wrong.status).toBe(2);
  expect(wrong.err).toContain("do you mean title?");
  expect(CORE).toContain("core");
});
