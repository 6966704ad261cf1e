/**
 * Where an app attribute stands in a SCIM resource (RFC 7643): its external namespace and its
 * external name, in SCIM's spelling (`emails[type eq "work"].value`) or in Okta's
 * (`emails.^[primary==true].value`).
 */

export const CORE_USER = "urn:ietf:params:scim:schemas:core:2.0:User";
export const ENTERPRISE_USER = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

export interface AttributePlace {
  /** The key of the extension in the body; null: the top level. */
  readonly namespace: string | null;
  readonly attribute: string;
  /** Of several values, the one that has these; null: there is only one value. */
  readonly select: Readonly<Record<string, string | boolean>> | null;
  readonly sub: string | null;
  /** What a value that is made anew gets besides. */
  readonly besides: Readonly<Record<string, string | boolean>>;
}

const FORM = /^([A-Za-z$][A-Za-z0-9_$-]*)(?:\.?\^?\[([^\]]*)\])?(?:\.([A-Za-z$][A-Za-z0-9_$-]*))?$/;
const CONDITION = /^([A-Za-z$][A-Za-z0-9_$-]*) ?(?:==| eq ) ?(\S.*)$/i;

/** @returns the place, or what is wrong with the name or the namespace */
export function placeOf(
  name: string,
  namespace: string,
): { readonly place: AttributePlace } | { readonly fault: string } {
  const match = FORM.exec(name.trim());
  if (match === null)
    return {
      fault: `${name} is no external name, such as title, name.givenName or emails.^[primary==true].value`,
    };
  const [, attribute = "", conditions, sub = null] = match;
  const select = conditions === undefined ? null : selection(conditions);
  if (select === undefined)
    return {
      fault: `[${conditions}] is no condition, such as [primary==true] or [type eq "work"]`,
    };
  const urn = namespace.trim();
  if (!/^urn:[^\s]+$/i.test(urn))
    return { fault: `${namespace} is no external namespace, such as ${CORE_USER}` };
  const isCore = urn.toLowerCase() === CORE_USER.toLowerCase();
  const place = { namespace: isCore ? null : urn, attribute, select, sub, besides: {} };
  return { place: select !== null && sub === null ? { ...place, sub: "value" } : place };
}

/** `primary==true && type=="work"`; undefined if it is none. */
function selection(text: string): Record<string, string | boolean> | undefined {
  const select: Record<string, string | boolean> = {};
  for (const one of text.split(/&&|\s[aA][nN][dD]\s/)) {
    const match = CONDITION.exec(one.trim());
    if (match === null) return undefined;
    const [, key = "", value = ""] = match;
    const bare = value.trim().replace(/^(["'])(.*)\1$/, "$2");
    select[key] = /^(?:true|false)$/i.test(bare) ? bare.toLowerCase() === "true" : bare;
  }
  return select;
}

/** The place as a person writes it. */
export function placeName({ attribute, select, sub }: AttributePlace): string {
  const conditions = Object.entries(select ?? {}).map(([key, value]) => `${key}==${String(value)}`);
  const selected = select === null ? "" : `.^[${conditions.join(" && ")}]`;
  return `${attribute}${selected}${sub === null ? "" : `.${sub}`}`;
}

export function namespaceOf({ namespace }: AttributePlace): string {
  return namespace ?? CORE_USER;
}
