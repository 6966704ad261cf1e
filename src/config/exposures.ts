/** Files of the configuration that others on the machine may read or change. */
import { statSync } from "node:fs";
import type { Document } from "yaml";
import type { Config } from "./schema.ts";
import { withVariables } from "./variables.ts";

const OTHERS_READ = 0o044;
const OTHERS_WRITE = 0o022;

/** @param literal whether the configuration has a password in itself */
export function exposuresOf(file: string, literal: boolean, config: Config): string[] {
  const secrets = Object.values(config.directories).flatMap(({ bind, tls }) => [
    ...(bind?.passwordFile === undefined ? [] : [bind.passwordFile]),
    ...(tls.key === undefined ? [] : [tls.key]),
  ]);
  return [
    ...(isOpen(file, OTHERS_WRITE)
      ? [`others can change ${file}, and with it who has access: chmod go-w ${file}`]
      : []),
    ...(literal && isOpen(file, OTHERS_READ)
      ? [
          `${file} has a password in it and is readable by others: chmod 600 ${file}, or name a variable or a passwordFile instead`,
        ]
      : []),
    ...[...new Set(secrets)]
      .filter((secret) => isOpen(secret, OTHERS_READ | OTHERS_WRITE))
      .map((secret) => `${secret} holds a secret and is readable by others: chmod 600 ${secret}`),
  ];
}

/** Windows has no such bits; a text that is no file exposes nothing. */
function isOpen(file: string, bits: number): boolean {
  if (process.platform === "win32") return false;
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && (stat.mode & bits) !== 0;
}

/** Whether a password stands in the file itself. To be asked before variables are put in. */
export function hasLiteralSecret(document: Document.Parsed): boolean {
  const raw: unknown = document.toJS();
  const { directories = {}, apps = {}, database, http } = isGroup(raw) ? raw : {};
  const passwords = Object.values(isGroup(directories) ? directories : {}).map((one) =>
    isGroup(one) && isGroup(one["bind"]) ? one["bind"]["password"] : undefined,
  );
  const credentials = Object.values(isGroup(apps) ? apps : {}).flatMap((one) =>
    isGroup(one) ? textsIn(one["auth"]) : [],
  );
  const oidc = isGroup(http) && isGroup(http["oidc"]) ? http["oidc"]["clientSecret"] : undefined;
  const url = isGroup(database) ? database["url"] : undefined;
  const inUrl = typeof url === "string" && URL.canParse(url) ? new URL(url).password : "";
  return [...passwords, ...credentials, oidc, inUrl].some(
    // A default is as literal as any other text.
    (text) =>
      typeof text === "string" && withVariables(text, (_, fallback = "") => fallback) !== "",
  );
}

/** What `auth` holds besides names. */
function textsIn(auth: unknown): unknown[] {
  if (!isGroup(auth)) return [];
  const { bearer, basic, header } = auth;
  return [
    bearer,
    isGroup(basic) ? basic["password"] : undefined,
    isGroup(header) ? header["value"] : undefined,
  ];
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
