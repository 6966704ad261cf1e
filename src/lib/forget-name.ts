/** Whose values are: they are somebody's own, although somebody else had the same once. */
const OWN = new Set(["login", "login_key", "email", "dn", "external_id", "user_id", "id"]);
/** Texts of ours, in which a name may stand among other words. */
const SENTENCES = new Set(["message", "ErrorMessage"]);
/** What a name may be made of: where such a sign stands beside it, it is a part of another one. */
const PART_OF_NAME = /[\p{L}\p{N}._%+@=,\-\\]/u;

/**
 * A value of JSON in which a name stands, without it: whole values, and words of sentences.
 * @param instead in its place; undefined: values are left out
 */
export function forgetName(value: unknown, name: string, instead: string | undefined): unknown {
  if (Array.isArray(value))
    return value.map((one) => forgetName(one, name, instead)).filter((one) => one !== undefined);
  if (typeof value !== "object" || value === null) return value === name ? instead : value;
  // A change of somebody's own value, whatever it was.
  if ("attribute" in value && OWN.has(String(value.attribute))) return value;
  const entries = Object.entries(value).map(([key, one]): [string, unknown] => {
    if (OWN.has(key)) return [key, one];
    if (SENTENCES.has(key) && typeof one === "string")
      return [key, withoutWord(one, name, instead ?? "…")];
    return [key, forgetName(one, name, instead)];
  });
  return Object.fromEntries(entries.filter(([, one]) => one !== undefined));
}

function withoutWord(text: string, name: string, instead: string): string {
  let left = "";
  let from = 0;
  for (let at = text.indexOf(name); at >= 0; at = text.indexOf(name, at + 1)) {
    if (at < from) continue;
    const before = text.slice(0, at).at(-1) ?? "";
    // A full stop that ends the sentence is none of the name's.
    const behind = text.slice(at + name.length);
    const isPart = PART_OF_NAME.test(before) || /^[.,]?[\p{L}\p{N}_%+@=\-\\]/u.test(behind);
    if (isPart) continue;
    left += text.slice(from, at) + instead;
    from = at + name.length;
  }
  return left + text.slice(from);
}
