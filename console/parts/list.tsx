/** A list of the API, page by page. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { PageOf } from "../api.ts";
import { useAsked } from "../asked.ts";
import { Button } from "./button.tsx";
import { Columns } from "./columns.tsx";
import { Shown } from "./page.tsx";
import { Scroll } from "./scroll.tsx";
import { say } from "../texts.ts";

interface ListProps<Item> {
  /** A page that begins behind a cursor. */
  readonly ask: (after: string | null) => Promise<PageOf<Item>>;
  /** What the list is of; another one begins at its first page. */
  readonly about: string;
  /** Another text when the same list may have other rows. */
  readonly news?: string;
  readonly caption: string;
  readonly columns: readonly string[];
  readonly Row: ComponentType<{ readonly of: Item }>;
  /** What tells one from the others. */
  readonly keyOf: (item: Item) => string | number;
  readonly empty: string;
}

export function List<Item>({
  ask,
  about,
  news = "",
  caption,
  columns,
  Row,
  keyOf,
  empty,
}: ListProps<Item>) {
  // Where the pages before this one began.
  const [path, setPath] = useState<readonly string[]>([]);
  useEffect(() => setPath([]), [about]);
  const after = path.at(-1) ?? null;
  const asked = useAsked(() => ask(after), `${about} ${after ?? ""}`, news);
  return (
    <Shown of={asked}>
      {({ items, next }) => (
        <>
          <Scroll label={caption}>
            <table>
              <caption class="hidden">{caption}</caption>
              <Columns of={columns} />
              <tbody>
                {items.map((item) => (
                  <Row key={keyOf(item)} of={item} />
                ))}
              </tbody>
            </table>
          </Scroll>
          {items.length === 0 && <p class="quiet">{empty}</p>}
          <Turning path={path} next={next} turn={setPath} />
        </>
      )}
    </Shown>
  );
}

interface TurningProps {
  /** Where the pages up to this one began. */
  readonly path: readonly string[];
  readonly next: string | null;
  readonly turn: (path: readonly string[]) => void;
}

function Turning({ path, next, turn }: TurningProps) {
  if (path.length === 0 && next === null) return null;
  return (
    <p class="actions">
      <Button isOff={path.length === 0} onClick={() => turn(path.slice(0, -1))}>
        {say().common.previousPage}
      </Button>
      <Button isOff={next === null} onClick={() => next !== null && turn([...path, next])}>
        {say().common.nextPage}
      </Button>
    </p>
  );
}
