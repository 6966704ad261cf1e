/** How many people there were, day by day, as a line that a person reads at a glance. */
import type { PeopleDayFacts } from "../api.ts";
import { number } from "../text.ts";
import { say } from "../texts.ts";

const [WIDTH, HEIGHT, MARGIN] = [480, 80, 2];

/** @param days in order; a day without a note has none */
export function PeopleChart({ days }: { readonly days: readonly PeopleDayFacts[] }) {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined || days.length < 2)
    return <p class="quiet">{say().dashboard.secondDay}</p>;
  const words = say().dashboard;
  const counts = days.map(({ active }) => active);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const place = ({ day, active }: PeopleDayFacts): string => {
    const x = ((dayOf(day) - dayOf(first.day)) / (dayOf(last.day) - dayOf(first.day))) * WIDTH;
    const y = most === least ? 0.5 : (most - active) / (most - least);
    return `${x.toFixed(1)},${(MARGIN + y * (HEIGHT - 2 * MARGIN)).toFixed(1)}`;
  };
  return (
    <figure>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        width={WIDTH}
        height={HEIGHT}
        role="img"
        aria-label={`${words.activeLine(number(first.active), first.day, number(last.active), last.day)}; ${words.activeBounds(number(least), number(most))}`}
      >
        <polyline class="line" points={days.map(place).join(" ")} />
      </svg>
      <figcaption class="quiet">
        {words.active(first.day, number(first.active), last.day, number(last.active))}
        {words.between(number(least), number(most), number(last.others))}
      </figcaption>
    </figure>
  );
}

/** Days since 1970. */
function dayOf(day: string): number {
  return Date.parse(day) / 86_400_000;
}
