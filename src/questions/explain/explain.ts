/**
 * Why is this value not what I expect? Loads what is known; what follows from it,
 * `reconciler/explain` decides.
 */
import type { Engine } from "../../engine/engine.ts";
import { userOrNull } from "../../engine/people/find-user.ts";
import { RollcallError } from "../../model/errors.ts";
import type { Explanation } from "../../model/explanation.ts";
import { explainAttribute, explainProfile } from "../../reconciler/explain/explain.ts";
import { explainUnknown } from "../../reconciler/explain/unknown.ts";
import { requireAttribute } from "../require-attribute.ts";
import { gatherUser } from "./gather.ts";
import type { ExplainRequest } from "./request.ts";
import { findByEntry, gatherUnknown } from "./unknown.ts";

/**
 * @param who a login, a user's id, an external id or a DN
 * @throws RollcallError `usage.invalid` for an attribute that the user profile does not have
 */
export async function explain(
  engine: Engine,
  who: string,
  request: ExplainRequest,
): Promise<Explanation> {
  const { attribute } = request;
  if (who.trim() === "") {
    const message = "Name the person: a login, a user's id, an external id or a DN.";
    throw new RollcallError("usage.invalid", message);
  }
  if (attribute !== null) requireAttribute(engine.rules.schema, attribute);
  const direct = await userOrNull(engine.store.db, who);
  const { user, entry } =
    direct === null ? await findByEntry(engine, who) : { user: direct, entry: null };
  if (user === null) {
    const { stages, cause } = explainUnknown(await gatherUnknown(engine, who, entry, request));
    const nobody = { login: null, userId: null, status: null, value: null, source: null };
    return { who, ...nobody, attribute, stages, candidates: [], attributes: [], cause };
  }
  const facts = await gatherUser(engine, user, request);
  return attribute === null ? explainProfile(who, facts) : explainAttribute(who, facts, attribute);
}
