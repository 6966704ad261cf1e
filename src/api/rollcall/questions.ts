/** What only asks: explain, preview, doctor, check, who fails; and the configuration as it was loaded. */
import { z } from "@hono/zod-openapi";
import { appExplanationDocument } from "../../documents/app-explanation.ts";
import { explanationDocument } from "../../documents/explanation.ts";
import { findingDocument } from "../../documents/finding.ts";
import type { CheckResult, Service } from "../../service.ts";
import type { Settings } from "../../model/settings.ts";
import { RollcallError } from "../../model/errors.ts";
import type { ApiContext } from "../context.ts";
import { anyText, document, flag, listOf, page, positionPage, text } from "./forms.ts";
import { fewAtOnce } from "./few-at-once.ts";
import { OneAtATime } from "./one-at-a-time.ts";
import { route, type Building } from "./route.ts";

const TAG = "Questions";

export function questionRoutes(building: Building) {
  return [
    ...explainRoute(building),
    ...previewRoute(building),
    ...expressionRoutes(building),
    ...stateRoutes(building),
    ...failingRoute(building),
    route(
      building,
      {
        method: "get",
        path: "/configuration",
        summary: "The configuration as it was loaded, without secrets",
        tag: TAG,
        permission: "configuration",
        answer: document,
      },
      () => configurationDocument(building.context.service.settings),
    ),
  ];
}

/** How things are now. */
function stateRoutes(building: Building) {
  const { context } = building;
  const { service, words, stopping } = context;
  // They ask every directory and every app: whoever asks again within a minute hears the same.
  const doctor = new OneAtATime(() => service.doctor(stopping));
  const checks = new OneAtATime(() => checkAll(context));
  return [
    route(
      building,
      {
        method: "get",
        path: "/doctor",
        summary: "What is wrong now, worst first, and what helps",
        tag: TAG,
        permission: "read",
        query: z.strictObject(page),
        answer: listOf(document),
      },
      async ({ query }) => {
        const { items, next } = positionPage(await doctor.ask(), query);
        return { items: items.map((one) => findingDocument(one, words.remedy)), next };
      },
    ),
    route(
      building,
      {
        method: "get",
        path: "/check",
        summary: "Is the database, every directory and every app reachable, every scope not empty?",
        tag: TAG,
        permission: "run",
        answer: document,
      },
      async () => await checks.ask(),
    ),
  ];
}

function failingRoute(building: Building) {
  const { service, words } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/failing",
        summary: "People whose last update failed, by cause",
        tag: TAG,
        permission: "read",
        query: z.strictObject({ ...page, directory: text.optional(), code: text.optional() }),
        answer: listOf(document),
      },
      async ({ query: { directory = null, code = null, ...query } }) => {
        const groups = await service.users.failing({ directory, code }, EXAMPLES);
        const { items, next } = positionPage(groups, query);
        return { items: items.map((one) => ({ ...one, cure: words.cure(one.code) })), next };
      },
    ),
  ];
}

/** Of each cause. */
const EXAMPLES = 50;

function explainRoute(building: Building) {
  const { service, words, stopping } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/explain",
        summary: "Where a value comes from, and why it is not another one; in an app, too",
        tag: TAG,
        permission: "explain",
        query: z.strictObject({
          who: text,
          attribute: text.optional(),
          app: text.optional(),
          live: flag,
        }),
        answer: document,
      },
      async ({ query: { who, attribute = null, app, live = false } }) => {
        if (app !== undefined) {
          const found = await service.apps.explain(who, { app, attribute, live });
          return appExplanationDocument(found, words.remedy);
        }
        const found = await service.users.explain(who, { attribute, live, signal: stopping });
        return explanationDocument(found, words.remedy);
      },
    ),
  ];
}

function previewRoute(building: Building) {
  const { service, stopping } = building.context;
  return [
    route(
      building,
      {
        method: "get",
        path: "/preview",
        summary: "What mappings, or an expression, give for one person or for all",
        tag: TAG,
        permission: "explain",
        query: z.strictObject({
          directory: text.optional(),
          app: text.optional(),
          user: text.optional(),
          attribute: text.optional(),
          expression: anyText.optional(),
          live: flag,
        }),
        answer: document,
      },
      async ({ c, query }) => {
        // Nobody waits for it who left the page.
        const signal = AbortSignal.any([stopping, c.req.raw.signal]);
        const preview = () => previewOf(service, query, signal);
        return query.user === undefined
          ? await fewAtOnce(building.context, c, preview)
          : await preview();
      },
    ),
  ];
}

interface PreviewAsked {
  readonly directory?: string | undefined;
  readonly app?: string | undefined;
  readonly user?: string | undefined;
  readonly attribute?: string | undefined;
  readonly expression?: string | undefined;
  readonly live?: boolean | undefined;
}

async function previewOf(service: Service, asked: PreviewAsked, signal: AbortSignal) {
  const { directory, app, user, attribute = null, expression = null, live = false } = asked;
  oneOf({ directory, app });
  if (app !== undefined) {
    const tried = { attribute, expression };
    return user === undefined
      ? await service.apps.preview(app, tried, signal)
      : await service.apps.previewPerson(app, user, tried);
  }
  const name = directory ?? "";
  const request = { attribute, expression, live, signal, progress: () => undefined };
  return user === undefined
    ? await service.previews.all(name, request)
    : await service.previews.person(name, user, request);
}

/** What helps to write an expression while it is being written. */
function expressionRoutes(building: Building) {
  const { previews } = building.context.service;
  const whose = { directory: text.optional(), app: text.optional() };
  return [
    route(
      building,
      {
        method: "get",
        path: "/expressions/faults",
        summary:
          "What is wrong with an expression for an attribute, and where; nothing is evaluated",
        tag: TAG,
        permission: "explain",
        query: z.strictObject({
          ...whose,
          attribute: text,
          expression: anyText,
        }),
        answer: z.object({
          faults: z.array(
            z.object({
              code: z.string(),
              message: z.string(),
              start: z.int(),
              end: z.int(),
              where: z.string(),
              pointer: z.string(),
            }),
          ),
        }),
      },
      ({ query: { attribute, expression, ...of } }) => ({
        faults: [...previews.faults(oneOf(of), attribute, expression)],
      }),
    ),
    route(
      building,
      {
        method: "get",
        path: "/expressions/words",
        summary: "Names, functions and methods that an expression may use",
        tag: TAG,
        permission: "explain",
        query: z.strictObject(whose),
        answer: z.object({
          words: z.array(
            z.object({
              kind: z.enum(["name", "function", "method"]),
              word: z.string(),
              signature: z.string().nullable(),
              describe: z.string().nullable(),
            }),
          ),
        }),
      },
      async ({ query }) => ({ words: [...(await previews.words(oneOf(query)))] }),
    ),
  ];
}

/** @throws RollcallError `request.invalid` unless exactly one of both is named */
function oneOf({
  directory,
  app,
}: {
  readonly directory?: string | undefined;
  readonly app?: string | undefined;
}): { readonly directory: string } | { readonly app: string } {
  if (directory !== undefined && app === undefined) return { directory };
  if (app !== undefined && directory === undefined) return { app };
  const details = ["directory: name a directory or an app"];
  throw new RollcallError("request.invalid", "The request is not understood.", { details });
}

async function checkAll({ service, words, stopping }: ApiContext) {
  const checks: (CheckResult & { readonly cure: string | null })[] = [];
  for await (const line of service.check(stopping)) {
    const cure = line.code === null ? line.cure : words.cure(line.code);
    checks.push({ ...line, cure });
  }
  return { ok: checks.every((line) => line.ok), checks };
}

/** As JSON: maps and sets as what they stand for, and of secrets only that there is one. */
function configurationDocument(settings: Settings): Pick<Settings, "file" | "version"> {
  const written = JSON.stringify(settings, (_key, one: unknown) => {
    if (one instanceof Map) return Object.fromEntries(one as Map<string, unknown>) as unknown;
    return one instanceof Set ? [...(one as Set<unknown>)] : one;
  });
  return JSON.parse(written) as Settings;
}
