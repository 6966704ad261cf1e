/** What stands between the fields of a line, where nobody says it. */

/** In the order in which they are chosen where several are as frequent. */
const DELIMITERS = [";", ",", "\t", "|"] as const;
/** A heading is no longer. */
const MOST_HEADING = 64 * 1024;

export interface Beginning {
  readonly delimiter: string;
  /** The text, without a line that only tells the delimiter. */
  readonly text: AsyncIterable<string>;
  /** How many lines that are. */
  readonly linesBefore: number;
}

/**
 * By the line `sep=;` that spreadsheets write, else by what is most frequent in the heading.
 * @param configured what is said of it; null: nothing
 */
export async function beginningOf(
  text: AsyncIterable<string>,
  configured: string | null,
): Promise<Beginning> {
  const rest = text[Symbol.asyncIterator]();
  let begun = "";
  let isOver = false;
  while (!isOver && begun.length < MOST_HEADING && !/[\r\n]./s.test(begun.trimStart())) {
    const next = await rest.next();
    isOver = next.done === true;
    if (next.done !== true) begun += next.value;
  }
  const told = /^"?sep=(.)"?(?:\r\n|\r|\n|$)/i.exec(begun);
  const body = begun.slice(told?.[0].length ?? 0);
  const delimiter = configured ?? told?.[1] ?? mostFrequent(body);
  return { delimiter, text: continued(body, rest), linesBefore: told === null ? 0 : 1 };
}

async function* continued(begun: string, rest: AsyncIterator<string>): AsyncGenerator<string> {
  try {
    if (begun !== "") yield begun;
    for (let next = await rest.next(); next.done !== true; next = await rest.next())
      yield next.value;
  } finally {
    await rest.return?.();
  }
}

export function nameOfSign(delimiter: string): string {
  return delimiter === "\t" ? "a tab" : delimiter;
}

/** In the first line in which something stands, outside quotes. */
function mostFrequent(text: string): string {
  const counts = new Map<string, number>();
  let quoted = false;
  for (const sign of text.trimStart()) {
    if (sign === '"') quoted = !quoted;
    else if (quoted) continue;
    else if (sign === "\n" || sign === "\r") break;
    else counts.set(sign, (counts.get(sign) ?? 0) + 1);
  }
  const of = (one: string): number => counts.get(one) ?? 0;
  return DELIMITERS.toSorted((a, b) => of(b) - of(a))[0] ?? ",";
}
