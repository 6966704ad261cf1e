/** The platform's search is linear only in words that are not long. */
const LONG = 256;

/**
 * The position of the first occurrence from `from` on; -1 if there is none. Linear in both lengths,
 * whatever they hold (Knuth, Morris and Pratt).
 */
export function find(text: string, wanted: string, from = 0): number {
  if (wanted.length <= LONG) return text.indexOf(wanted, from);
  const back = fallbacks(wanted);
  let matched = 0;
  for (let at = from; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    while (matched > 0 && wanted.charCodeAt(matched) !== unit) matched = back[matched - 1] ?? 0;
    if (wanted.charCodeAt(matched) === unit) matched++;
    if (matched === wanted.length) return at - matched + 1;
  }
  return -1;
}

/** For every beginning of a word, how much of its end is a beginning again. */
function fallbacks(word: string): Int32Array {
  const back = new Int32Array(word.length);
  let matched = 0;
  for (let at = 1; at < word.length; at++) {
    const unit = word.charCodeAt(at);
    while (matched > 0 && word.charCodeAt(matched) !== unit) matched = back[matched - 1] ?? 0;
    if (word.charCodeAt(matched) === unit) matched++;
    back[at] = matched;
  }
  return back;
}

/** The parts between the occurrences; as `text.split(wanted)`. */
export function splitBy(text: string, wanted: string): string[] {
  if (wanted.length <= LONG) return text.split(wanted);
  const parts: string[] = [];
  let from = 0;
  for (let at = find(text, wanted); at >= 0; at = find(text, wanted, from)) {
    parts.push(text.slice(from, at));
    from = at + wanted.length;
  }
  return [...parts, text.slice(from)];
}
