import { useLocation, useRoute } from "preact-iso";
import { useState } from "preact/hooks";
import {
  askPreview,
  saveMappings,
  ask,
  type DirectoryFacts,
  named,
  type PreviewFacts,
  Refused,
  rollcall,
} from "../api.ts";
import { useAsked } from "../asked.ts";
import { useLeaving } from "../leaving.ts";
import { Button } from "../parts/button.tsx";
import { Columns } from "../parts/columns.tsx";
import { ExpressionField } from "../parts/expression-field.tsx";
import { Fault, Page, Shown } from "../parts/page.tsx";
import { Question } from "../parts/question.tsx";
import { SeveralMappings } from "../parts/several-mappings.tsx";
import { may, noteRefusal } from "../session.ts";
import { number, people, value, visible } from "../text.ts";
import { say } from "../texts.ts";

interface Draft {
  readonly attribute: string;
  readonly expression: string;
  readonly apply: "create" | "update";
  /** A login; empty: everybody. */
  readonly user: string;
}

/** The mappings of a directory, and what another expression would give before it is anywhere. */
export function Mappings() {
  const { directory = "" } = useRoute().params;
  const { query } = useLocation();
  const facts = useAsked(
    () => ask(rollcall.directories[":directory"].$get(named({ directory }))),
    directory,
  );
  const [draft, setDraft] = useState<Draft | null>(null);
  return (
    <Page title={say().mappings.title(directory)} isBusy={facts.isBusy}>
      <Shown of={facts}>
        {({ toOkta }) => (
          <>
            <Table of={toOkta} attempt={(one) => setDraft({ ...one, user: query["user"] ?? "" })} />
            {draft !== null && (
              <Trial
                key={draft.attribute}
                directory={directory}
                first={draft}
                saved={() => {
                  setDraft(null);
                  facts.again();
                }}
              />
            )}
            {may("explain") && <SeveralMappings directory={directory} saved={facts.again} />}
          </>
        )}
      </Shown>
    </Page>
  );
}

type Mapping = DirectoryFacts["toOkta"][number];

function Table({
  of,
  attempt,
}: {
  readonly of: readonly Mapping[];
  readonly attempt: (mapping: Mapping) => void;
}) {
  const { common, mappings } = say();
  const columns = [common.attribute, common.expression, mappings.apply];
  return (
    <table>
      <Columns of={may("explain") ? [...columns, mappings.try] : columns} />
      <tbody>
        {of.map(({ attribute, expression, apply }) => (
          <tr key={attribute}>
            <th scope="row">{attribute}</th>
            <td>
              <code>{expression}</code>
            </td>
            <td>{apply === "create" ? mappings.onCreation : mappings.onUpdate}</td>
            {may("explain") && (
              <td>
                <button
                  type="button"
                  aria-label={mappings.tryOne(attribute)}
                  onClick={() => attempt({ attribute, expression, apply })}
                >
                  {mappings.tryIt}
                </button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

type Result = PreviewFacts | Error;

interface TrialProps {
  readonly directory: string;
  readonly first: Draft;
  readonly saved: () => void;
}

function Trial({ directory, first, saved }: TrialProps) {
  const [draft, setDraft] = useState(first);
  const [given, setGiven] = useState<{ readonly of: Draft; readonly result: Result } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const until = useLeaving();
  const { attribute, expression } = draft;
  const { common, mappings } = say();
  // What was tried, only while it is what stands in the form.
  const result = given?.of === draft ? given.result : null;
  const preview = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    const whom = draft.user === "" ? {} : { user: draft.user };
    askPreview(directory, { attribute, expression, ...whom }, until)
      .then((result) => setGiven({ of: draft, result }))
      .catch((error: unknown) => {
        noteRefusal(error);
        setGiven({ of: draft, result: error as Error });
      })
      .finally(() => setBusy(false));
  };
  return (
    <section aria-labelledby="trial" aria-busy={isBusy}>
      <h2 id="trial">{mappings.previewOf(attribute)}</h2>
      <form class="filters" onSubmit={preview}>
        <ExpressionField
          of={{ directory }}
          attribute={attribute}
          value={expression}
          change={(text) => setDraft({ ...draft, expression: text })}
        />
        <label>
          {mappings.loginOrEverybody}
          <input
            value={draft.user}
            onInput={(event) => setDraft({ ...draft, user: event.currentTarget.value })}
          />
        </label>
        <Button type="submit" isOff={isBusy}>
          {common.preview}
        </Button>
      </form>
      {result instanceof Error && <Complaint of={result} />}
      {result !== null && !(result instanceof Error) && <Given of={result} attribute={attribute} />}
      {result !== null && expression !== first.expression && (
        <Taking
          directory={directory}
          first={first}
          draft={draft}
          isGood={!(result instanceof Error)}
          saved={saved}
        />
      )}
    </section>
  );
}

interface TakingProps {
  readonly directory: string;
  /** As it is mapped now. */
  readonly first: Draft;
  readonly draft: Draft;
  readonly isGood: boolean;
  readonly saved: () => void;
}

/** How the other mapping gets into the configuration: as text, or written by the daemon. */
function Taking({ directory, first, draft, isGood, saved }: TakingProps) {
  const { attribute, expression } = draft;
  const { common, mappings } = say();
  return (
    <>
      <p>{mappings.inTheConfiguration(<code>directories.{directory}.toOkta</code>)}</p>
      <pre>
        <code>{`${attribute}: ${JSON.stringify(expression)}`}</code>
      </pre>
      {may("configuration") && isGood && (
        <Question
          button={mappings.saveThere}
          title={mappings.mapSo(attribute, directory)}
          verb={common.save}
          field={null}
          act={async () => {
            await saveMappings(directory, [draft], [{ attribute, before: first }]);
            saved();
          }}
        >
          <pre>
            <code>{expression}</code>
          </pre>
          <p>{mappings.newVersion}</p>
        </Question>
      )}
    </>
  );
}

/** What the language says of an expression, with the sign below the place. */
function Complaint({ of }: { readonly of: Error }) {
  if (of instanceof Refused && of.problems.length > 0)
    return (
      <div role="alert" class="fault">
        {of.message}
        <pre>
          <code>{of.problems.join("\n")}</code>
        </pre>
      </div>
    );
  return <Fault error={of} />;
}

function Given({ of, attribute }: { readonly of: PreviewFacts; readonly attribute: string }) {
  return "externalId" in of ? (
    <OnePerson of={of} attribute={attribute} />
  ) : (
    <Everybody of={of} attribute={attribute} />
  );
}

type OfOne = Extract<PreviewFacts, { readonly externalId: string }>;
type OfAll = Exclude<PreviewFacts, OfOne>;

function OnePerson({ of, attribute }: { readonly of: OfOne; readonly attribute: string }) {
  const { mappings } = say();
  const found = of.attributes.find((one) => one.attribute === attribute);
  if (found === undefined) return <p class="quiet">{mappings.nothingMapped(attribute)}</p>;
  return (
    <dl>
      <dt>{mappings.inputs}</dt>
      <dd>
        {Object.entries(found.inputs)
          .map(([name, one]) => `${name}: ${value(one)}`)
          .join(", ")}
      </dd>
      <dt>{mappings.gives}</dt>
      <dd>
        {value(found.value)}
        {found.problem !== null && <span class="fault"> {found.problem.message}</span>}
      </dd>
      <dt>{mappings.now}</dt>
      <dd>
        {value(found.present)} {found.source !== null && `(${found.source})`}
      </dd>
      <dt>{mappings.wouldBe}</dt>
      <dd>
        {value(found.after.value)} {found.after.source !== null && `(${found.after.source})`}
      </dd>
    </dl>
  );
}

function Everybody({ of, attribute }: { readonly of: OfAll; readonly attribute: string }) {
  const changed = of.attributes[attribute];
  return (
    <>
      <p>
        {say().mappings.wouldChange(
          people(of.people),
          number(changed?.people ?? 0),
          attribute,
          number(of.failed),
        )}
      </p>
      <ul>
        {(changed?.examples ?? []).map(({ dn, from, to }) => (
          <li key={dn}>
            {visible(dn)}: <del>{value(from)}</del> → <ins>{value(to)}</ins>
          </li>
        ))}
        {Object.values(of.problems).flatMap(({ examples }) =>
          examples.map(({ dn, message }) => (
            <li key={dn + message}>
              {visible(dn)}: <span class="fault">{message}</span>
            </li>
          )),
        )}
      </ul>
    </>
  );
}
