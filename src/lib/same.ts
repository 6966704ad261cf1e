/** Whether two JSON values are the same; an absent property and `undefined` are alike. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a)) {
    if (!Array.isArray(b) || a.length !== b.length) return false;
    for (let i = 0; i < a.length; i++) if (!sameJson(a[i], b[i])) return false;
    return true;
  }
  return (
    !Array.isArray(b) && sameObject(a as Record<string, unknown>, b as Record<string, unknown>)
  );
}

function sameObject(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  let inA = 0;
  for (const key in a) {
    if (a[key] === undefined) continue;
    inA++;
    if (!Object.hasOwn(b, key) || !sameJson(a[key], b[key])) return false;
  }
  let inB = 0;
  for (const key in b) if (b[key] !== undefined) inB++;
  return inA === inB;
}
