import type { ApiCall, ApiContext } from "../context.ts";
import { AccessRefused } from "../gate.ts";

/** Of one caller at once, of what keeps a processor busy. */
const MOST = 2;

/** Whoever asks again then may be in luck. */
const SOON_SECONDS = 5;

/** @throws AccessRefused where so many of the caller go on already */
export async function fewAtOnce<Answer>(
  { limits }: ApiContext,
  c: ApiCall,
  work: () => Promise<Answer>,
): Promise<Answer> {
  const ended = limits.take("previews", c.get("caller").id, MOST);
  if (ended === null) c.header("Retry-After", String(SOON_SECONDS));
  if (ended === null)
    throw new AccessRefused("tooMany", "Too many previews of one caller at once.");
  try {
    return await work();
  } finally {
    ended();
  }
}
