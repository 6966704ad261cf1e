/** Runs that outlive the request by which they begin. */
import { createHash } from "node:crypto";
import type { AskedBy } from "../model/asked-by.ts";
import { RollcallError } from "../model/errors.ts";
import type { Service } from "../service.ts";
import { askedBy, type ApiCall, type ApiContext } from "./context.ts";

/** What somebody wants to be done. */
export type RunWanted =
  | {
      readonly kind: "import";
      readonly directory: string;
      readonly type?: "full" | "incremental" | undefined;
      readonly dryRun?: boolean | undefined;
    }
  | {
      readonly kind: "force-sync";
      readonly directory?: string | undefined;
      readonly app?: string | undefined;
      readonly user?: string | undefined;
      readonly dryRun?: boolean | undefined;
    }
  | {
      readonly kind: "push";
      readonly app: string;
      readonly user?: string | undefined;
      readonly dryRun?: boolean | undefined;
    };

/**
 * Lets a run go on by itself once it has begun; with an Idempotency-Key only once, however often the
 * request is sent. What stops it then stands in its record; what keeps it from beginning is thrown.
 * @returns the run's id
 * @throws RollcallError `request.repeated`, and whatever keeps a run from beginning
 */
export async function startedBy(
  context: ApiContext,
  c: ApiCall,
  run: (by: AskedBy) => Promise<{ readonly id: string }>,
): Promise<string> {
  const by = askedBy(context, c);
  const key = c.req.header("idempotency-key");
  if (key === undefined) return await inBackground(context, by, run);
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    const details = ["Idempotency-Key: up to 200 visible signs of ASCII"];
    throw new RollcallError("request.invalid", "The request is not understood.", { details });
  }
  const asked = `${c.req.method} ${c.req.path} ${await c.req.text()}`;
  const request = createHash("sha256").update(asked).digest("hex");
  const once = { tokenId: c.get("caller").id, key };
  return await context.service.runs.startOnce({ ...once, request }, () =>
    inBackground(context, { ...by, once }, run),
  );
}

async function inBackground(
  { running, log }: ApiContext,
  by: AskedBy,
  run: (by: AskedBy) => Promise<{ readonly id: string }>,
): Promise<string> {
  const begun = Promise.withResolvers<string>();
  let id: string | null = null;
  const begin = (its: string): void => {
    id = its;
    begun.resolve(its);
  };
  const whole = run({ ...by, begun: begin })
    .then(({ id: its }) => begin(its))
    .catch((thrown: unknown) => {
      begun.reject(thrown);
      // Nobody waits any more; what its record does not tell, such as that it was handed back, is told here.
      if (id !== null) log.error({ run: id, error: String(thrown) }, "a run did not end by itself");
    });
  running.add(whole);
  void whole.finally(() => running.delete(whole));
  return await begun.promise;
}

/**
 * Does what is wanted, to its end.
 * @returns the run's id
 * @throws RollcallError `link.none` for a person of whom the directory has nothing, and whatever stops the run
 */
export async function carryOut(
  { service }: ApiContext,
  wanted: RunWanted,
  by: AskedBy,
): Promise<{ readonly id: string }> {
  const trigger = "manual" as const;
  const dryRun = wanted.dryRun ?? false;
  switch (wanted.kind) {
    case "import": {
      const type = wanted.type ?? null;
      return await service.runs.import(wanted.directory, { trigger, dryRun, type }, by);
    }
    case "force-sync":
    case "push": {
      const people = wanted.user === undefined ? null : [wanted.user];
      if (wanted.app !== undefined)
        return await service.pushes.push(
          wanted.app,
          { kind: wanted.kind, trigger, dryRun, people },
          by,
        );
      const directory = "directory" in wanted ? (wanted.directory ?? "") : "";
      const externalIds = await entriesOf(service, directory, wanted.user);
      return await service.runs.forceSync(directory, { trigger, dryRun, externalIds }, by);
    }
  }
}

/** What a directory shows of somebody; null: everybody is meant. */
async function entriesOf(
  { users }: Service,
  directory: string,
  user: string | undefined,
): Promise<readonly string[] | null> {
  if (user === undefined) return null;
  const { appUsers, login } = await users.get(user);
  const own = appUsers.filter((one) => one.directory === directory && one.status !== "removed");
  if (own.length > 0) return own.map((one) => one.externalId);
  const message = `${directory} has nothing in its scope of ${login}.`;
  throw new RollcallError("link.none", message);
}
