/** `/directories` and what belongs to nobody yet. */
import { z } from "@hono/zod-openapi";
import { directoryDocument } from "../../documents/directory.ts";
import { RollcallError } from "../../model/errors.ts";
import type { LinkedAppUser } from "../../service.ts";
import { askedBy, type ApiCall, type ApiContext } from "../context.ts";
import { cursorOfEntry } from "../cursor.ts";
import { fewAtOnce } from "./few-at-once.ts";
import {
  document,
  entryCursor,
  flag,
  listOf,
  page,
  pageOf,
  positionPage,
  text,
  uuid,
} from "./forms.ts";
import { anyRunDocument, runSchema } from "./runs.ts";
import { route, type Building } from "./route.ts";

const TAG = "Directories";

export function directoryRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/directories",
        summary: "The directories, and how current what is kept of each is",
        tag: TAG,
        permission: "read",
        query: z.strictObject(page),
        answer: listOf(document),
      },
      async ({ c, query }) => {
        const { items, next } = positionPage([...service.settings.directories.keys()], query);
        return {
          items: await Promise.all(items.map((name) => shownDirectory(context, c, name))),
          next,
        };
      },
    ),
    route(
      building,
      {
        method: "get",
        path: "/directories/{directory}",
        summary: "One directory: how it is read, how current it is, its last run",
        tag: TAG,
        permission: "read",
        params: z.strictObject({ directory: text }),
        answer: document,
      },
      async ({ c, params: { directory } }) => await shownDirectory(context, c, directory),
    ),
    peopleRoute(building),
    mappingsRoute(building),
    ...unmatchedRoutes(building),
  ];
}

function peopleRoute(building: Building) {
  const { service } = building.context;
  return route(
    building,
    {
      method: "get",
      path: "/directories/{directory}/people",
      summary: "Whom a directory shows, and who they are here",
      tag: TAG,
      permission: "read",
      params: z.strictObject({ directory: text }),
      query: z.strictObject({
        ...page,
        after: uuid.optional(),
        q: text.optional().meta({
          description: "How the login, a name or the e-mail address begins.",
        }),
      }),
      answer: listOf(document),
    },
    async ({ params: { directory }, query: { limit, after = null, q: prefix = null } }) => {
      const found = await service.directories.people(directory, {
        after,
        prefix,
        limit: limit + 1,
      });
      return pageOf(found, limit, shownEntry, (one) => one.userId);
    },
  );
}

/** Mappings as Okta exports them, before they are anywhere. They are saved by Okta's `/api/v1/mappings`. */
function mappingsRoute(building: Building) {
  const { service, stopping } = building.context;
  return route(
    building,
    {
      method: "post",
      path: "/directories/{directory}/mappings/preview",
      summary: "What mappings that Okta exported would make of everybody; nothing is changed",
      tag: TAG,
      permission: "explain",
      params: z.strictObject({ directory: text }),
      body: z.strictObject({
        exported: z.looseObject({}).meta({
          description: "As Okta's `GET /api/v1/mappings/{id}` answers.",
        }),
        names: z.record(text, text).optional().meta({
          description: "Names of directories: there, and here.",
        }),
      }),
      answer: document,
    },
    async ({ c, params: { directory }, body: { exported, names = {} } }) => {
      const draft = { exported, names: new Map(Object.entries(names)) };
      // Nobody waits for it who left the page.
      const signal = AbortSignal.any([stopping, c.req.raw.signal]);
      const request = { signal, progress: () => undefined };
      return await fewAtOnce(building.context, c, () =>
        service.previews.mappings(directory, draft, request),
      );
    },
  );
}

/** Without its app profile, which the page of the person has. */
function shownEntry({ userId, login, externalId, dn, status, error, importedAt }: LinkedAppUser) {
  return { userId, login, externalId, dn, status, error, lastImported: importedAt };
}

async function shownDirectory({ service, words }: ApiContext, c: ApiCall, name: string) {
  const settings = service.settings.directories.get(name);
  if (settings === undefined) {
    const message = `There is no directory ${name} in the configuration.`;
    throw new RollcallError("config.unknownDirectory", message);
  }
  const freshness = await service.directories.freshness(name);
  const runs = await service.runs.list({ directory: name, status: null, edits: false, limit: 1 });
  const isHeld = await service.runs.isHeld(name);
  const isClaimed = freshness.claimedBy !== null;
  const claimedBy = c.get("caller").may("run") ? freshness.claimedBy : null;
  const state = { ...freshness, isClaimed, claimedBy, isHeld, lastRun: runs[0]?.id ?? null };
  return directoryDocument(settings, state, words.remedy);
}

const unmatchedQuery = z.strictObject({
  ...page,
  after: entryCursor.optional(),
  directory: text.optional(),
  ignored: flag,
});

function unmatchedRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/unmatched",
        summary: "Entries that belong to no user, and who they may be",
        tag: TAG,
        permission: "read",
        query: unmatchedQuery,
        answer: listOf(document),
      },
      async ({ query: { directory = null, ignored = false, after = null, limit } }) => {
        const asked = { directory, aside: ignored, after, limit: limit + 1 };
        const found = await service.directories.unmatched(asked);
        return pageOf(found, limit, (one) => one, cursorOfEntry);
      },
    ),
    ...decideRoutes(building),
  ];
}

/** Whose an entry is, or that it is nobody's. */
function decideRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  const entry = { directory: text, id: text.meta({ description: "Its external id, or its DN." }) };
  return [
    route(
      building,
      {
        method: "post",
        path: "/unmatched/confirm",
        summary: "Say whose an entry is: a user's, or, without one, somebody new's",
        tag: TAG,
        permission: "match",
        body: z.strictObject({ ...entry, user: text.optional(), dryRun: z.boolean().optional() }),
        answer: runSchema,
      },
      async ({ c, body: { directory, id, user = null, dryRun = false } }) => {
        const request = { who: user, dryRun, trigger: "manual" as const };
        const run = await service.users.link({ directory, id }, request, askedBy(context, c));
        return await anyRunDocument(context, { of: "directory", run });
      },
    ),
    route(
      building,
      {
        method: "post",
        path: "/unmatched/ignore",
        summary: "Set an entry aside, or take that back",
        tag: TAG,
        permission: "match",
        body: z.strictObject({ ...entry, undo: z.boolean().optional() }),
        answer: document,
      },
      async ({ c, body: { directory, id, undo = false } }) => {
        const name = { directory, id };
        const { dn } = await service.directories.setAside(name, undo, askedBy(context, c));
        return { directory, id, dn, ignored: !undo };
      },
    ),
  ];
}
