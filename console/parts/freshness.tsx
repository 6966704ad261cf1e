/** How old what is kept of a directory is, against how often it is to be read. */
import type { DirectoryFacts } from "../api.ts";
import { duration, secondsSince } from "../text.ts";
import { say } from "../texts.ts";
import { When } from "./when.tsx";

/** How often it may be missed before the bar is full. */
const MOST = 3;

export function Freshness({ of }: { readonly of: DirectoryFacts }) {
  const { type, readAt, everySeconds } = of;
  const words = say().dashboard;
  const age = readAt === null ? null : secondsSince(readAt);
  return (
    <>
      <p class="quiet">
        {words.read(type, <When at={readAt} />)}
        {everySeconds !== null && words.every(duration(everySeconds))}
      </p>
      {age !== null && everySeconds !== null && (
        <meter
          min={0}
          max={MOST * everySeconds}
          optimum={0}
          low={1.1 * everySeconds}
          high={2 * everySeconds}
          value={Math.min(age, MOST * everySeconds)}
          aria-label={words.age(of.directory, duration(age), duration(everySeconds))}
        />
      )}
    </>
  );
}
