import { RollcallError } from "../model/errors.ts";
import type { AppRules } from "../reconciler/app-rules.ts";

/** @throws RollcallError `config.unknownApp` */
export function configuredApp(apps: ReadonlyMap<string, AppRules>, name: string): AppRules {
  const app = apps.get(name);
  if (app !== undefined) return app;
  const names = [...apps.keys()].join(", ");
  const there = names === "" ? "there are none" : `there are ${names}`;
  throw new RollcallError(
    "config.unknownApp",
    `There is no app ${name} in the configuration; ${there}.`,
  );
}
