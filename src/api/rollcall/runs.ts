/** `/runs`: imports, force syncs, pushes; started here, decided here, and told person by person. */
import { z } from "@hono/zod-openapi";
import { pushDocument } from "../../documents/push.ts";
import { runDocument } from "../../documents/run.ts";
import type { AnyRun } from "../../service.ts";
import { exportRoute } from "./export-run.ts";
import { AccessRefused } from "../gate.ts";
import type { ApiCall, ApiContext } from "../context.ts";
import { carryOut, startedBy } from "../start-run.ts";
import { document, flag, listOf, page, pageOf, text, uuid } from "./forms.ts";
import { route, type Building } from "./route.ts";

const TAG = "Runs";
const KINDS = ["import", "force-sync", "push", "revert", "link", "edit"] as const;
const STATUSES = ["running", "held", "done", "failed", "cancelled"] as const;

export const runSchema = z
  .looseObject({
    run: z.string(),
    kind: z.enum(KINDS),
    directory: z.string().nullable().optional(),
    app: z.string().optional(),
    status: z.enum(STATUSES),
    dryRun: z.boolean().optional(),
    counts: z.record(z.string(), z.int()),
    startedAt: z.string(),
    finishedAt: z.string().nullable(),
    held: document.nullable(),
    error: document.nullable(),
    progress: document.nullable().optional(),
  })
  .meta({ id: "Run", description: "A run as `--json` prints it." });

/** A run with how far it is. */
export async function anyRunDocument({ service }: ApiContext, of: AnyRun) {
  const known = of.of === "app" ? pushDocument(of.push) : runDocument(of.run);
  if (known.status !== "running") return known;
  return { ...known, progress: await service.runs.progress(of) };
}

const wanted = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("import"),
      directory: text,
      type: z.enum(["full", "incremental"]).optional(),
      dryRun: z.boolean().optional(),
    }),
    z.strictObject({
      kind: z.literal("force-sync"),
      directory: text.optional(),
      app: text.optional(),
      user: text.optional(),
      dryRun: z.boolean().optional(),
    }),
    z.strictObject({
      kind: z.literal("push"),
      app: text,
      user: text.optional(),
      dryRun: z.boolean().optional(),
    }),
  ])
  .refine(
    (asked) =>
      asked.kind !== "force-sync" || (asked.directory === undefined) !== (asked.app === undefined),
    { path: ["directory"], message: "name a directory or an app" },
  )
  .meta({ id: "RunWanted" });

export function runRoutes(building: Building) {
  const { context } = building;
  const { service } = context;
  const routes = [
    route(
      building,
      {
        method: "get",
        path: "/runs",
        summary: "Runs of directories and pushes to apps, newest first",
        tag: TAG,
        permission: "read",
        query: z.strictObject({
          ...page,
          after: uuid.optional(),
          directory: text.optional(),
          app: text.optional(),
          kind: z.enum(KINDS).optional(),
          status: z.enum(STATUSES).optional(),
          edits: flag,
        }),
        answer: listOf(runSchema),
      },
      async ({
        query: { directory = null, app = null, kind = null, status = null, after = null, ...query },
      }) => {
        const { limit, edits = false } = query;
        const asked = { directory, app, kind, status, edits, after, limit: limit + 1 };
        const found = await service.runs.page(asked);
        const { items, next } = pageOf(
          found,
          limit,
          (one) => one,
          (one) => idOf(one),
        );
        return { items: await Promise.all(items.map((one) => anyRunDocument(context, one))), next };
      },
    ),
    ...startRoute(building),
    route(
      building,
      {
        method: "get",
        path: "/runs/{run}",
        summary: "One run",
        tag: TAG,
        permission: "read",
        params: z.strictObject({ run: text }),
        answer: runSchema,
      },
      async ({ params }) => await anyRunDocument(context, await service.runs.one(params.run)),
    ),
    ...peopleRoute(building),
  ];
  exportRoute(building);
  return routes;
}

export function idOf(of: AnyRun): string {
  return of.of === "app" ? of.push.id : of.run.id;
}

function startRoute(building: Building) {
  const { context } = building;
  return [
    route(
      building,
      {
        method: "post",
        path: "/runs",
        summary: "Start an import, a force sync or a push; it goes on by itself",
        tag: TAG,
        permission: "sync-person",
        body: wanted,
        answer: runSchema,
        status: 202,
      },
      async ({ c, body }) => {
        requireMayStart(c, body);
        const run = await startedBy(context, c, (by) => carryOut(context, body, by));
        return await begun(context, c, run);
      },
    ),
  ];
}

/** The help desk computes one person anew; whatever concerns more people is for operators. */
function requireMayStart(c: ApiCall, body: z.infer<typeof wanted>): void {
  const one = body.kind === "force-sync" && body.user !== undefined;
  const caller = c.get("caller");
  if (one || caller.may("run")) return;
  const message = `The role ${caller.role} may not start this; it needs the permission "run".`;
  throw new AccessRefused("forbidden", message);
}

/** The answer to what goes on by itself: where to look. */
export async function begun(context: ApiContext, c: ApiCall, run: string) {
  c.header("Location", `${context.baseUrl()}/api/rollcall/v1/runs/${run}`);
  return await anyRunDocument(context, await context.service.runs.one(run));
}

function peopleRoute(building: Building) {
  const { service } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/runs/{run}/people",
        summary: "Whom a run changed or would change, and how",
        tag: TAG,
        permission: "read",
        params: z.strictObject({ run: text }),
        query: z.strictObject({
          ...page,
          after: z
            .string()
            .regex(/^\d{1,9}$/)
            .transform(Number)
            .optional(),
          action: text.optional(),
          counted: flag,
          login: text.optional().meta({ description: "How the login begins." }),
          reason: text.optional(),
          code: text.optional(),
          attribute: text.optional(),
        }),
        answer: listOf(document),
      },
      async ({ params, query }) => {
        const of = await service.runs.one(params.run);
        const { limit, after = -1, action = null, counted = false } = query;
        const { login = null, reason = null, code = null, attribute = null } = query;
        const only = { login, reason, code, attribute };
        const asked = { after, limit: limit + 1, action, counted, only };
        const found =
          of.of === "app"
            ? await service.pushes.people(idOf(of), asked)
            : await service.runs.people(idOf(of), asked);
        return pageOf<(typeof found)[number], (typeof found)[number]>(
          found,
          limit,
          (one) => one,
          (one) => String(one.seq),
        );
      },
    ),
  ];
}
