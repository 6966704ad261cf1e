/** `/surveys`: a server that no configuration has is looked at, and what is proposed is saved. */
import { z } from "@hono/zod-openapi";
import type { Offer, OfferAsked } from "../../service.ts";
import { askedBy } from "../context.ts";
import { anyText, document, text, uuid } from "./forms.ts";
import { route, type Building } from "./route.ts";
import { writable } from "./writable.ts";

const TAG = "Directories";

const askedSchema = z.strictObject({
  name: text.meta({ description: "What the directory will be called." }),
  url: text.meta({ description: "`ldaps://` or `ldap://`." }),
  startTls: z.boolean().optional(),
  bindDn: anyText.optional().meta({ description: "Empty: nobody in particular." }),
  password: anyText.optional(),
  base: anyText.optional().meta({ description: "Where people are, if that is known." }),
  trust: anyText.optional().meta({
    description: "SHA-256 of what vouches for the certificate, once somebody has compared it.",
  }),
});

export function surveyRoutes(building: Building) {
  return [...lookRoute(building), ...saveRoute(building)];
}

function lookRoute(building: Building) {
  const { context } = building;
  return [
    route(
      building,
      {
        method: "post",
        path: "/surveys",
        summary: "Look at a server, and propose how to read it; nothing is written",
        tag: TAG,
        permission: "configuration",
        body: askedSchema,
        answer: document,
        status: 201,
      },
      async ({ c, body }) => {
        writable(context);
        const signal = AbortSignal.any([context.stopping, c.req.raw.signal]);
        const by = { caller: c.get("caller").id, signal };
        return surveyDocument(
          await context.offers.look(askedOf(body), context.service.settings, by),
        );
      },
    ),
  ];
}

/** What is left empty is not given. */
function askedOf(body: z.infer<typeof askedSchema>): OfferAsked {
  const { name, url, startTls = false, bindDn = "", password = "", base = "", trust = "" } = body;
  const given = (value: string): string | null => (value === "" ? null : value);
  return {
    name,
    url,
    startTls,
    password,
    bindDn: given(bindDn),
    base: given(base),
    trust: given(trust),
  };
}

function saveRoute(building: Building) {
  const { context } = building;
  return [
    route(
      building,
      {
        method: "post",
        path: "/surveys/{survey}/save",
        summary: "Put what was proposed into the configuration, as a new version of the file",
        tag: TAG,
        permission: "configuration",
        params: z.strictObject({ survey: uuid }),
        answer: z.object({ directory: z.string() }),
        status: 201,
      },
      async ({ c, params: { survey } }) => {
        const edit = writable(context);
        const { name, change } = context.offers.changeOf(survey, c.get("caller").id);
        await edit(change, askedBy(context, c));
        context.offers.forget(survey);
        return { directory: name };
      },
    ),
  ];
}

function surveyDocument({ id, name, proposal, text: yaml }: Offer) {
  return { survey: id, name, ...proposal, text: yaml };
}
