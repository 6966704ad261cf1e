/** Mappings that Okta exported: what they would be here, whom they would change, and then saved. */
import type { ClientRequestOptions } from "hono/client";
import { useState } from "preact/hooks";
import { ask, named, rollcall, saveMappings, type MappingDraftFacts } from "../api.ts";
import { useLeaving } from "../leaving.ts";
import { noteRefusal, may } from "../session.ts";
import { Button } from "./button.tsx";
import { Columns } from "./columns.tsx";
import { Difference } from "./difference.tsx";
import { Fault } from "./page.tsx";
import { Question } from "./question.tsx";
import { Scroll } from "./scroll.tsx";
import { say } from "../texts.ts";

interface SeveralProps {
  readonly directory: string;
  readonly saved: () => void;
}

interface Draft {
  /** As Okta exports it. */
  readonly text: string;
  /** What the directory is called there; empty: as here. */
  readonly instance: string;
}

export function SeveralMappings({ directory, saved }: SeveralProps) {
  const [draft, setDraft] = useState<Draft>({ text: "", instance: "" });
  const [given, setGiven] = useState<{ of: Draft; result: MappingDraftFacts | Error } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const until = useLeaving();
  const { common, mappings: words } = say();
  const result = given?.of === draft ? given.result : null;
  const preview = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    previewOf(directory, draft, until)
      .then((found) => setGiven({ of: draft, result: found }))
      .catch((error: unknown) => {
        noteRefusal(error);
        setGiven({ of: draft, result: error as Error });
      })
      .finally(() => setBusy(false));
  };
  return (
    <details>
      <summary>{words.several}</summary>
      <p>{words.severalAbout}</p>
      <form class="stacked" onSubmit={preview} aria-busy={isBusy}>
        <label>
          {words.exported}
          <textarea
            rows={8}
            required
            spellcheck={false}
            value={draft.text}
            onInput={(event) => setDraft({ ...draft, text: event.currentTarget.value })}
          />
        </label>
        <label>
          {words.instance(directory)}
          <input
            value={draft.instance}
            onInput={(event) => setDraft({ ...draft, instance: event.currentTarget.value })}
          />
        </label>
        <Button type="submit" isOff={isBusy}>
          {common.preview}
        </Button>
      </form>
      {result instanceof Error && <Fault error={result} />}
      {result !== null && !(result instanceof Error) && (
        <Found
          of={result}
          directory={directory}
          saved={() => {
            setDraft({ text: "", instance: "" });
            saved();
          }}
        />
      )}
    </details>
  );
}

/** @throws Error if it is no JSON, Refused */
async function previewOf(
  directory: string,
  { text, instance }: Draft,
  until: ClientRequestOptions,
): Promise<MappingDraftFacts> {
  const exported = asObject(text);
  const names = instance === "" ? {} : { names: { [instance]: directory } };
  const { preview } = rollcall.directories[":directory"].mappings;
  return await ask(preview.$post({ ...named({ directory }), json: { exported, ...names } }, until));
}

function asObject(text: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === "object" && read !== null) return { ...read };
  } catch {
    // Told below.
  }
  throw new Error(say().mappings.noJson);
}

interface FoundProps {
  readonly of: MappingDraftFacts;
  readonly directory: string;
  readonly saved: () => void;
}

function Found({ of: { mappings, problems, difference }, directory, saved }: FoundProps) {
  const { common, mappings: words } = say();
  const others = mappings.filter(({ how }) => how !== "same");
  return (
    <>
      <output>
        {problems.length > 0 && (
          <div class="fault">
            <p>{words.cannotBe}</p>
            <pre>
              <code>{problems.join("\n")}</code>
            </pre>
          </div>
        )}
        {problems.length === 0 && others.length === 0 && (
          <p>{mappings.length === 0 ? words.mapsNothing : words.asTheyAre}</p>
        )}
        {difference !== null && <Difference of={difference} />}
      </output>
      {others.length > 0 && (
        <Scroll label={words.severalOf(directory)}>
          <table>
            <Columns of={[common.attribute, words.now, words.wouldBe]} />
            <tbody>
              {others.map(({ attribute, expression, apply, before }) => (
                <tr key={attribute}>
                  <th scope="row">{attribute}</th>
                  <td>{before === null ? "—" : <Mapping of={before} />}</td>
                  <td>
                    <Mapping of={{ expression, apply }} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {problems.length === 0 && others.length > 0 && may("configuration") && (
        <Question
          button={words.saveThere}
          title={words.saveSeveral(others.length, directory)}
          verb={common.save}
          field={null}
          act={async () => {
            await saveMappings(directory, others, mappings);
            saved();
          }}
        >
          <p>{words.newVersion}</p>
        </Question>
      )}
    </>
  );
}

type MappingFacts = NonNullable<MappingDraftFacts["mappings"][number]["before"]>;

function Mapping({ of: { expression, apply } }: { readonly of: MappingFacts }) {
  const { mappings: words } = say();
  return (
    <>
      <code>{expression}</code>{" "}
      <span class="quiet">{apply === "create" ? words.onCreation : words.onUpdate}</span>
    </>
  );
}
