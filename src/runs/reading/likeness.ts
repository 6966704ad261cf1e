/** By what two entries look like one person, where no identifier tells. Pure. */
import type { AppProfile } from "../../model/entry.ts";
import { textsOf } from "../../model/members.ts";

/** Attributes whose values are one person's. */
const OWN = ["mail", "userPrincipalName", "sAMAccountName", "uid", "employeeNumber"];

/** Texts of which two entries of one person have at least one in common, mostly. */
export function likenessOf(dn: string, profile: AppProfile): string[] {
  const own = OWN.flatMap((name) =>
    textsOf(profile, name).map((value) => `${name} ${value.trim().toLowerCase()}`),
  );
  const [given] = textsOf(profile, "givenName");
  const [family] = textsOf(profile, "sn");
  const name = given === undefined || family === undefined ? [] : [`name ${given} ${family}`];
  const [deepest = dn] = dn.split(",", 1);
  return [...own, ...name.map((one) => one.toLowerCase()), `rdn ${deepest.toLowerCase()}`];
}
