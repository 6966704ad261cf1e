/**
 * One route of Rollcall's API: what it is called, who may ask, what it takes and gives. The document
 * of the API is made of these, so that nothing is offered that is not in it.
 */
import { createRoute, z, type OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { RollcallError } from "../../model/errors.ts";
import type { Permission } from "../../model/role.ts";
import type { ApiCall, ApiContext, ApiEnv } from "../context.ts";
import type { Gate } from "../gate.ts";
import { problemSchema } from "./problem.ts";

export const ROLLCALL_API = "/api/rollcall/v1";

export type RollcallRoutes = OpenAPIHono<ApiEnv>;

/** Where routes are added. */
export interface Building {
  readonly api: RollcallRoutes;
  readonly context: ApiContext;
  readonly gate: Gate;
}

export interface RouteSpec<P, Q, B> {
  readonly method: "get" | "post" | "delete";
  readonly path: string;
  /** In words, for the document. */
  readonly summary: string;
  readonly tag: string;
  readonly permission: Permission;
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** Of what is given; 204 without one. */
  readonly answer?: z.ZodType;
  readonly status?: 200 | 201 | 202 | 204;
}

export interface Asked<P, Q, B> {
  readonly c: ApiCall;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

const JSON_TYPE = "application/json";

/** Adds a route. Access comes first, then the form of what is asked, then whether it is there. */
export function route<P = Nothing, Q = Nothing, B = Nothing>(
  { api, gate }: Pick<Building, "api" | "gate">,
  spec: RouteSpec<P, Q, B>,
  handle: (asked: Asked<P, Q, B>) => Promise<object | null> | object | null,
): void {
  const { method, path, summary, tag, permission, answer } = spec;
  const status = spec.status ?? 200;
  const content = answer === undefined ? {} : { content: { [JSON_TYPE]: { schema: answer } } };
  const config: RouteConfig = {
    method,
    path: ROLLCALL_API + path,
    summary,
    tags: [tag],
    description: `Needs the permission \`${permission}\`.`,
    security: [{ token: [] }],
    middleware: [gate.allow(permission), ...(spec.body === undefined ? [] : [jsonOnly])],
    request: requestOf(spec),
    responses: {
      [status]: {
        description: status === 202 ? "It has begun" : "Done",
        ...(status === 202 ? { headers: LOCATION } : {}),
        ...content,
      },
      default: {
        description: "Why not",
        content: { "application/problem+json": { schema: problemSchema } },
      },
    },
  };
  api.openapi(createRoute(config), async (c) => {
    const valid = c.req.valid.bind(c.req) as (target: string) => unknown;
    const asked = {
      c: c as unknown as ApiCall,
      params: spec.params === undefined ? {} : valid("param"),
      query: spec.query === undefined ? {} : valid("query"),
      body: spec.body === undefined ? {} : valid("json"),
    } as Asked<P, Q, B>;
    const given = await handle(asked);
    return given === null ? c.body(null, 204) : c.json(given, status as 200);
  });
}

/** What is not asked for. */
type Nothing = Readonly<Record<string, never>>;

/** Of what starts something. */
const STARTING = z.object({
  "idempotency-key": z.string().optional().meta({
    description: "The same key starts the same run, for a day, however often it is sent.",
  }),
});
const LOCATION = { Location: { schema: { type: "string" as const }, description: "The run" } };

function requestOf<P, Q, B>({
  status,
  params,
  query,
  body,
}: RouteSpec<P, Q, B>): NonNullable<RouteConfig["request"]> {
  const json = { content: { [JSON_TYPE]: { schema: body ?? z.never() } }, required: true };
  return {
    ...(status === 202 ? { headers: STARTING } : {}),
    ...(params === undefined ? {} : { params: params as unknown as z.ZodObject }),
    ...(query === undefined ? {} : { query: query as unknown as z.ZodObject }),
    ...(body === undefined ? {} : { body: json }),
  };
}

/** Refuses whatever is no JSON. */
export const jsonOnly: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const type = c.req.header("content-type") ?? "";
  const notJson = (): RollcallError =>
    new RollcallError("request.notJson", "The body has to be JSON.");
  if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(type)) throw notJson();
  try {
    await c.req.json();
  } catch {
    throw notJson();
  }
  await next();
};

/** Every problem of what was asked for, by its place. */
export function refuseInvalid(error: z.core.$ZodError): never {
  const details = error.issues.map(({ path, message }) => {
    const place = path.join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
  throw new RollcallError("request.invalid", "The request is not understood.", { details });
}
