/** Is everything configured and reachable? */
import type { Engine } from "../engine/engine.ts";
import { checkApp } from "./check-app.ts";
import { checkHooks } from "./hook-findings.ts";
import { checkDirectories, type CheckResult } from "./check.ts";

/** The configuration and the database, which stand if this can be asked, then what is outside. */
export async function* checkAll(
  engine: Engine,
  { file, database }: { readonly file: string; readonly database: string },
  signal: AbortSignal,
): AsyncGenerator<CheckResult> {
  const { exposures, apps } = engine;
  const good = { ok: true, code: null, cure: null } as const;
  const valid = `${file} is valid, all mappings type-check`;
  const none = engine.directories.size === 0 ? ["it has no directory, so nobody is read"] : [];
  const remarks = [...none, ...exposures];
  yield { ...good, name: "configuration", message: valid, remarks };
  yield { ...good, name: "database", message: database, remarks: [] };
  yield* checkDirectories(engine, signal);
  for (const app of apps.keys()) {
    signal.throwIfAborted();
    yield await checkApp(engine, app);
  }
  yield* checkHooks(engine, signal);
}
