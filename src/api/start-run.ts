/** Runs that outlive the request by which they begin. */
import type { RunKind } from "../model/run.ts";
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
      readonly kind: Extract<RunKind, "force-sync">;
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
 * Starts it and waits for its record only.
 * @returns the run's id
 * @throws RollcallError whatever keeps it from beginning, such as `run.busy`
 */
export async function startRun(
  context: ApiContext,
  c: ApiCall,
  wanted: RunWanted,
): Promise<string> {
  return await inBackground(context, askedBy(context, c), (by) => work(context, wanted, by));
}

/**
 * Lets a run go on by itself once it has begun. What stops it then stands in its record; what keeps
 * it from beginning is thrown.
 * @returns the run's id
 */
export async function inBackground(
  { running }: ApiContext,
  by: AskedBy,
  run: (by: AskedBy) => Promise<{ readonly id: string }>,
): Promise<string> {
  const begun = Promise.withResolvers<string>();
  const whole = run({ ...by, begun: begun.resolve }).then(
    ({ id }) => begun.resolve(id),
    begun.reject,
  );
  running.add(whole);
  void whole.finally(() => running.delete(whole));
  return await begun.promise;
}

async function work(
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
