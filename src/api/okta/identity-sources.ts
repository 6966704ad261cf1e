/**
 * `/api/v1/identity-sources`: people are brought to a directory of type `identity-source` in sessions, as
 * Okta's clients do it for Anything-as-a-Source.
 */
import type { Hono } from "hono";
import {
  MOST_BYTES,
  MOST_PEOPLE,
  type Brought,
  type BroughtProfile,
  type SourceSession,
} from "../../model/identity-source.ts";
import { askedBy, type ApiCall, type ApiContext, type ApiEnv } from "../context.ts";
import { AccessRefused, type Gate } from "../gate.ts";
import { bodyOf, dateText, isRecord } from "./answer.ts";
import { invalid, notOffered } from "./errors.ts";

const MOST_ID = 512;
const ATTRIBUTE_NAME = /^[A-Za-z][A-Za-z0-9_]{0,62}$/;
const SESSIONS = "/identity-sources/:source/sessions";

export function identitySourceRoutes(app: Hono<ApiEnv>, context: ApiContext, gate: Gate): void {
  const { identitySources } = context.service;
  const may = gate.allow("bring");
  app.get(SESSIONS, may, async (c) => {
    const sessions = await identitySources.active(sourceOf(c));
    return c.json(sessions.map(document));
  });
  app.post(SESSIONS, may, async (c) => {
    const session = await identitySources.begin(sourceOf(c), askedBy(context, c));
    return c.json(document(session), 201);
  });
  app.get(`${SESSIONS}/:session`, may, async (c) =>
    c.json(document(await identitySources.session(sourceOf(c), sessionOf(c)))),
  );
  app.delete(`${SESSIONS}/:session`, may, async (c) => {
    await identitySources.close(sourceOf(c), sessionOf(c), askedBy(context, c));
    return c.body(null, 204);
  });
  app.post(`${SESSIONS}/:session/start-import`, may, async (c) =>
    c.json(document(await identitySources.start(sourceOf(c), sessionOf(c), askedBy(context, c)))),
  );
  for (const [path, what, read] of UPLOADS)
    app.post(`${SESSIONS}/:session/${path}`, may, async (c) => {
      const session = { source: sourceOf(c), id: sessionOf(c) };
      const people = await peopleIn(c, read);
      const left = await identitySources.bring(session, { what, people }, askedBy(context, c));
      if (left.length > 0)
        c.header("Warning", `299 rollcall "Credentials are not kept: ${left.join(", ")}."`);
      return c.body(null, 202);
    });
  // Groups, and people without a session.
  app.all("/identity-sources/:source/:other{(?:users|groups).*}", may, () => {
    const why =
      "An identity source takes people in sessions: bulk-upsert, bulk-delete, start-import; see docs/15-api.md.";
    throw notOffered(why);
  });
}

const UPLOADS = [
  ["bulk-upsert", "bulk_upsert", profileOf],
  ["bulk-delete", "bulk_delete", () => null],
] as const;

/** The source that is asked for. @throws AccessRefused if the token is for others */
function sourceOf(c: ApiCall): string {
  const source = c.req.param("source") ?? "";
  const { sources } = c.get("caller");
  if (sources === null || sources.includes(source)) return source;
  throw new AccessRefused("forbidden", `The token is for ${sources.join(", ")} only.`);
}

function sessionOf(c: ApiCall): string {
  return c.req.param("session") ?? "";
}

function document({ id, directory, status, createdAt, updatedAt }: SourceSession) {
  return {
    id,
    identitySourceId: directory,
    status,
    importType: "INCREMENTAL",
    created: dateText(createdAt),
    lastUpdated: dateText(updatedAt),
  };
}

/** Everybody of a request, each once; nothing of it is taken where anything of it is wrong. */
async function peopleIn(
  c: ApiCall,
  read: (one: Readonly<Record<string, unknown>>, where: string) => BroughtProfile | null,
): Promise<Brought[]> {
  const size = (await c.req.arrayBuffer()).byteLength;
  if (size > MOST_BYTES)
    throw invalid(
      "profiles",
      `profiles: a request has at most ${MOST_BYTES / 1024} KB, this one ${Math.ceil(size / 1024)}`,
    );
  const { entityType = "USERS", profiles } = await bodyOf(c);
  if (entityType !== "USERS") throw invalid("entityType", "entityType: USERS is expected");
  if (!Array.isArray(profiles) || profiles.length === 0 || profiles.length > MOST_PEOPLE)
    throw invalid("profiles", `profiles: a list of 1 to ${MOST_PEOPLE} people is expected`);
  const people = new Map<string, BroughtProfile | null>();
  for (const [at, one] of profiles.entries()) {
    const where = `profiles[${at}]`;
    if (!isRecord(one)) throw invalid("profiles", `${where}: an object is expected`);
    const externalId = externalIdOf(one, where);
    const profile = read(one, where);
    const before = people.get(externalId) ?? {};
    people.set(externalId, profile === null ? null : mergedProfile(before, profile));
  }
  return [...people].map(([externalId, profile]) => ({ externalId, profile }));
}

/** As attributes are compared, names have no case: what is named later counts. */
function mergedProfile(before: BroughtProfile, later: BroughtProfile): BroughtProfile {
  const named = new Set(Object.keys(later).map((name) => name.toLowerCase()));
  const kept = Object.entries(before).filter(([name]) => !named.has(name.toLowerCase()));
  return { ...Object.fromEntries(kept), ...later };
}

function externalIdOf({ externalId }: Readonly<Record<string, unknown>>, where: string): string {
  if (isText(externalId) && externalId !== "" && externalId.length <= MOST_ID) return externalId;
  throw invalid("externalId", `${where}.externalId: a text of 1 to ${MOST_ID} signs is expected`);
}

function profileOf({ profile }: Readonly<Record<string, unknown>>, where: string): BroughtProfile {
  if (!isRecord(profile)) throw invalid("profile", `${where}.profile: an object is expected`);
  for (const [name, value] of Object.entries(profile)) {
    if (!ATTRIBUTE_NAME.test(name))
      throw invalid(
        "profile",
        `${where}.profile: an attribute's name is a letter followed by letters, digits or _, unlike ${JSON.stringify(name.slice(0, 80))}`,
      );
    if (value !== null && !isText(value) && !(Array.isArray(value) && value.every(isText)))
      throw invalid(
        "profile",
        `${where}.profile.${name}: a text is expected, or a list of texts, or null`,
      );
  }
  const names = Object.keys(profile);
  if (new Set(names.map((name) => name.toLowerCase())).size < names.length)
    throw invalid("profile", `${where}.profile: an attribute is there twice, in two spellings`);
  const values = Object.entries(profile as BroughtProfile);
  // No value of several is none.
  return Object.fromEntries(
    values.map(([name, value]) => [
      name,
      Array.isArray(value) && value.length === 0 ? null : value,
    ]),
  );
}

function isText(value: unknown): value is string {
  return typeof value === "string" && !value.includes("\0") && value.isWellFormed();
}
