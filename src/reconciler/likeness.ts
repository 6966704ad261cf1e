/** By what two entries look like one person, where no identifier tells. Pure. */
import { splitDn } from "../model/dn.ts";
import type { AppProfile } from "../model/entry.ts";
import { textsOf } from "../model/members.ts";

/** Attributes whose values are one person's. */
const OWN = ["mail", "userPrincipalName", "sAMAccountName", "uid", "employeeNumber"];

/** Texts of which two entries of one person have at least one in common, mostly. */
export function likenessOf(dn: string, profile: AppProfile): string[] {
  const texts = (name: string): string[] =>
    textsOf(profile, name).flatMap((value) => value.trim().toLowerCase() || []);
  const own = OWN.flatMap((name) => texts(name).map((value) => `${name} ${value}`));
  const [given] = texts("givenName");
  const [family] = texts("sn");
  const name = given === undefined || family === undefined ? [] : [`name ${given} ${family}`];
  const [deepest = dn] = splitDn(dn) ?? [];
  return [...own, ...name, `rdn ${deepest.trim().toLowerCase()}`];
}
