/** The sources of profiles in their order: how much each gives, and what another order would change. */
import { useState } from "preact/hooks";
import { ask, type OrderFacts, rollcall, type SourceFacts } from "../api.ts";
import { useLeaving } from "../leaving.ts";
import { may } from "../session.ts";
import { number } from "../text.ts";
import { say } from "../texts.ts";
import { Act } from "./act.tsx";
import { Button } from "./button.tsx";
import { Columns } from "./columns.tsx";
import { Difference } from "./difference.tsx";
import { Question } from "./question.tsx";

interface SourcesProps {
  readonly of: readonly SourceFacts[];
  /** Asks for them again. */
  readonly again: () => void;
}

export function Sources({ of, again }: SourcesProps) {
  const words = say().profileEditor;
  const now = of.filter(({ priority }) => priority !== null).map(({ source }) => source);
  const [order, setOrder] = useState<readonly string[] | null>(null);
  const shown = order ?? now;
  const inOrder = [
    ...shown.flatMap((name) => of.filter(({ source }) => source === name)),
    ...of.filter(({ source }) => !shown.includes(source)),
  ];
  const isMoved = order !== null && order.join() !== now.join();
  return (
    <>
      <p class="quiet">{words.aboutSources}</p>
      <table>
        <Columns of={[words.order, words.source, words.profileOf, words.linked]} />
        <tbody>
          {inOrder.map((one) => (
            <Source key={one.source} of={one} order={shown} move={setOrder} />
          ))}
        </tbody>
      </table>
      {isMoved && (
        <Draft
          order={shown}
          now={now}
          forget={() => setOrder(null)}
          saved={() => {
            setOrder(null);
            again();
          }}
        />
      )}
    </>
  );
}

interface SourceProps {
  readonly of: SourceFacts;
  readonly order: readonly string[];
  readonly move: (order: readonly string[]) => void;
}

function Source({ of, order, move }: SourceProps) {
  const words = say().profileEditor;
  const at = order.indexOf(of.source);
  const isSource = at !== -1;
  const to = (place: number) => () => {
    const others = order.filter((name) => name !== of.source);
    move(others.toSpliced(place, 0, of.source));
  };
  return (
    <tr>
      <td class="actions">
        {isSource && may("configuration") && (
          <>
            <Button aria-label={words.up(of.source)} isOff={at === 0} onClick={to(at - 1)}>
              ↑
            </Button>
            <Button
              aria-label={words.down(of.source)}
              isOff={at === order.length - 1}
              onClick={to(at + 1)}
            >
              ↓
            </Button>
          </>
        )}
        {!isSource && of.configured && of.source !== "okta" && may("configuration") && (
          <button type="button" onClick={() => move([...order, of.source])}>
            {words.makeSource(of.source)}
          </button>
        )}
      </td>
      <th scope="row">
        {isSource ? `${at + 1}. ` : ""}
        {of.source === "okta" || !of.configured ? (
          of.source
        ) : (
          <a href={`/console/directories/${of.source}`}>{of.source}</a>
        )}{" "}
        {!isSource && of.source !== "okta" && <span class="quiet">{words.notAmongThem}</span>}
      </th>
      <td class="number">{number(of.users)}</td>
      <td class="number">{number(of.linked)}</td>
    </tr>
  );
}

interface DraftProps {
  readonly order: readonly string[];
  /** What counts, as far as this page knows. */
  readonly now: readonly string[];
  readonly forget: () => void;
  readonly saved: () => void;
}

/** Another order, before it counts: whom it would change, and then the configuration. */
function Draft({ order, now, forget, saved }: DraftProps) {
  const words = say().profileEditor;
  const [seen, setSeen] = useState<{ readonly of: string; readonly result: OrderFacts } | null>(
    null,
  );
  const until = useLeaving();
  const asked = order.join(",");
  const said = order.join(", ");
  return (
    <section class="note">
      <p>{words.draft(said)}</p>
      <p class="actions">
        {may("explain") && (
          <Act
            label={words.previewOrder}
            act={async () => {
              const result = await ask(
                rollcall.sources.preview.$get({ query: { order: asked } }, until),
              );
              setSeen({ of: asked, result });
            }}
          />
        )}
        <Question
          button={words.save}
          title={words.saveTitle(said)}
          verb={say().common.save}
          field={null}
          act={async () => {
            await ask(rollcall.sources.order.$post({ json: { order: [...order], was: [...now] } }));
            saved();
          }}
        >
          <p>{say().mappings.newVersion}</p>
        </Question>
        <button type="button" onClick={forget}>
          {words.forget}
        </button>
      </p>
      {seen?.of === asked && <Seen of={seen.result} />}
    </section>
  );
}

function Seen({ of: { directories } }: { readonly of: OrderFacts }) {
  return (
    <output>
      <p class="quiet">{say().profileEditor.appsFollow}</p>
      {directories.map((one) => (
        <Difference key={one.directory} of={one} />
      ))}
    </output>
  );
}
