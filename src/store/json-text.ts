/** JSON for a `jsonb` column, which holds no NUL and no half of a surrogate pair. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  return MAY_BE_REFUSED.test(text) ? text.replaceAll(ESCAPES, (one) => kept(one)) : text;
}

const MAY_BE_REFUSED = /\\u(?:0000|d[89a-f])/;
/** Every escape, so that a backslash that stands for itself is not taken for the beginning of one. */
const ESCAPES = /\\(?:u[0-9a-f]{4}|.)/g;

/** Whole pairs are written as they are, so an escaped surrogate is half of one. */
function kept(escape: string): string {
  return /^\\u(?:0000|d[89a-f])/.test(escape) ? "\ufffd" : escape;
}
