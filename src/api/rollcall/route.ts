/**
 * One route of Rollcall's API: what it is called, who may ask, what it takes and gives. The document
 * of the API is made of these, so that nothing is offered that is not in it.
 */
import { createRoute, z, type OpenAPIHono, type RouteConfig } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import type { JSONParsed } from "hono/utils/types";
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

type Method = "get" | "post" | "delete";
/** Of what is not asked for, there is none: `never`. */
type Form = z.ZodType;

export interface RouteSpec<M, L, P, Q, B> {
  readonly method: M;
  readonly path: L;
  /** In words, for the document. */
  readonly summary: string;
  readonly tag: string;
  /** null: nobody has to say who they are. */
  readonly permission: Permission | null;
  /** What looks at it before its form is checked. */
  readonly before?: readonly MiddlewareHandler<ApiEnv>[];
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** Of what is given; 204 without one. */
  readonly answer?: z.ZodType;
  readonly status?: 200 | 201 | 202 | 204;
}

export interface Asked<P, Q, B> {
  readonly c: ApiCall;
  readonly params: Read<P>;
  readonly query: Read<Q>;
  readonly body: Read<B>;
}

type Read<F> = [F] extends [never] ? Nothing : z.output<F>;
type Sent<Target extends string, F> = [F] extends [never]
  ? unknown
  : { readonly [one in Target]: z.input<F> };

/**
 * What a route takes and gives, for the types of clients. Of both there is nothing while the program runs.
 */
export interface Offered<M extends string, L extends string, Input, Output> {
  readonly method: M;
  readonly path: L;
  readonly takes?: Input;
  readonly gives?: Output;
}

type AnyOffered = Offered<string, string, unknown, unknown>;

/** Of several routes, what Hono's client reads: by path, by method, what is sent and what is answered. */
export type SchemaOf<R extends AnyOffered> = {
  [L in R["path"] as HonoPath<L>]: {
    [O in Extract<R, { readonly path: L }> as `$${O["method"]}`]: {
      input: NonNullable<O["takes"]>;
      output: JSONParsed<Exclude<O["gives"], undefined>>;
      outputFormat: "json";
      status: 200;
    };
  };
};

/** `{name}` of OpenAPI is `:name` there. */
type HonoPath<L extends string> = L extends `${infer Before}{${infer Name}}${infer Behind}`
  ? `${Before}:${Name}${HonoPath<Behind>}`
  : L;

const JSON_TYPE = "application/json";

/** Adds a route. Access comes first, then the form of what is asked, then whether it is there. */
export function route<
  const M extends Method,
  const L extends string,
  Answer extends object | null,
  P extends Form = never,
  Q extends Form = never,
  B extends Form = never,
>(
  { api, gate }: Pick<Building, "api" | "gate">,
  spec: RouteSpec<M, L, P, Q, B>,
  handle: (asked: Asked<P, Q, B>) => Promise<Answer> | Answer,
): Offered<M, L, Sent<"param", P> & Sent<"query", Q> & Sent<"json", B>, Answer> {
  const { method, path, summary, tag, permission, answer, before = [] } = spec;
  const status = spec.status ?? 200;
  const content = answer === undefined ? {} : { content: { [JSON_TYPE]: { schema: answer } } };
  const config: RouteConfig = {
    method,
    path: ROLLCALL_API + path,
    summary,
    tags: [tag],
    ...(permission === null
      ? { security: [] }
      : {
          description: `Needs the permission \`${permission}\`.`,
          security: [{ token: [] }],
        }),
    middleware: [
      ...(permission === null ? [] : [gate.allow(permission)]),
      ...before,
      ...(spec.body === undefined ? [] : [jsonOnly]),
    ],
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
  return { method, path };
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

function requestOf({
  status,
  params,
  query,
  body,
}: RouteSpec<Method, string, Form, Form, Form>): NonNullable<RouteConfig["request"]> {
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
