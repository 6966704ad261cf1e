/** Entries of whom nobody has said whose they are, asked for page by page, through a trusted proxy. */
import { Client } from "@okta/okta-sdk-nodejs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { client, serveApi, tokenFor, type Answer, type ServedApi } from "../support/api.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

const NAMES = ["p1", "p2", "p3", "p4", "p5", "p6", "p7"];
let place: Workplace;
let api: ServedApi;
let token: string;
let admin: (method: string, path: string, body?: unknown) => Promise<Answer>;

interface Listed {
  readonly items: readonly { readonly externalId: string }[];
  readonly next: string | null;
}

beforeAll(async () => {
  place = await Workplace.create("postgres");
  const file = place.file("people.ldif", NAMES.map((name) => simplePerson(name)).join(""));
  place.configure(
    `directories:\n  corp:\n    type: ldif\n    path: ${file}\n    onNoMatch: ignore\n    matching: [{ user: login, app: appuser.mail }]${SIMPLE_MAPPINGS}`,
  );
  await place.run("import", "corp");
  api = await serveApi(place, "trustedProxies: [127.0.0.0/8]");
  token = await tokenFor(place, "admin");
  admin = client(api.url, token);
});
afterAll(async () => {
  await api.stop();
  place.remove();
});

test("Okta's client lists them by pages", async () => {
  const { unconfirmedUsersApi } = new Client({ orgUrl: api.url, token });
  const page = await unconfirmedUsersApi.listUnconfirmedUsers({ appId: "corp", limit: 3 });
  expect(page.users?.map(({ externalId }) => externalId)).toEqual(["p1", "p2", "p3"]);
  expect(page.users?.[0]).toMatchObject({
    credentials: { userName: "uid=p1,ou=people,dc=example,dc=org" },
    profile: { mail: "p1@example.org" },
  });
  const { headers } = await admin("GET", "/api/v1/apps/corp/unconfirmed-users?limit=3");
  const [, next] = /<([^>]+)>; rel="next"/.exec(headers.get("link") ?? "") ?? [];
  const { pathname, search } = new URL(next ?? "");
  expect((await admin("GET", pathname + search)).body).toMatchObject({
    users: [{ externalId: "p4" }, { externalId: "p5" }, { externalId: "p6" }],
  });
  const wrong = await admin("GET", "/api/v1/apps/corp/unconfirmed-users?after=x");
  expect(wrong).toMatchObject({ status: 400, body: { errorCode: "E0000029" } });
});

test("nobody is left out where one is decided between two pages", async () => {
  const path = "/api/rollcall/v1/unmatched?directory=corp&limit=3";
  const first = (await admin("GET", path)).body as Listed;
  await admin("POST", "/api/rollcall/v1/unmatched/ignore", { directory: "corp", id: "p1" });
  const second = (await admin("GET", `${path}&after=${first.next}`)).body as Listed;
  expect(second.items.map(({ externalId }) => externalId)).toEqual(["p4", "p5", "p6"]);
  const last = (await admin("GET", `${path}&after=${second.next}`)).body as Listed;
  expect(last).toMatchObject({ items: [{ externalId: "p7" }], next: null });
  for (const cursor of ["x", "3", "W10"])
    expect((await admin("GET", `${path}&after=${cursor}`)).status, cursor).toBe(400);
});

test("the log has the address of the client that a trusted proxy names", async () => {
  const decided = await fetch(`${api.url}/api/rollcall/v1/unmatched/ignore`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${token}`,
      "content-type": "application/json",
      "x-forwarded-for": "1.1.1.1, 198.51.100.7",
    },
    body: JSON.stringify({ directory: "corp", id: "p7" }),
  });
  expect(decided.ok).toBe(true);
  expect(await place.events('client.ipAddress eq "198.51.100.7"')).toHaveLength(1);
  expect(await place.events('client.ipAddress eq "1.1.1.1"')).toEqual([]);
});
