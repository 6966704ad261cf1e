import type { Problem } from "../model/errors.ts";

/** The problem of a person whose login somebody else has. */
export function loginTaken(
  claim: { readonly login: string | null; readonly holder: string | null } | undefined,
): Problem {
  const message = `The login ${claim?.login ?? ""} is already used by ${claim?.holder ?? "another user"}.`;
  return { code: "notUniqueWithinOrg", field: "login", message };
}

/** The problem of a person whose value of a unique attribute somebody else has. */
export function valueTaken(claim: {
  readonly attribute: string;
  readonly value: string;
  readonly holder: string;
}): Problem {
  const { attribute, value, holder } = claim;
  const message = `${attribute} ${JSON.stringify(value)} is already used by ${holder}, and has to be unique.`;
  return { code: "notUniqueWithinOrg", field: attribute, message };
}
