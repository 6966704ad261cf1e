/** What the app would be sent for one person: by the mappings, or by another expression for one attribute. */
import { useState } from "preact/hooks";
import { askAppPreview, type AppFacts, type AppPreviewFacts } from "../api.ts";
import { useLeaving } from "../leaving.ts";
import { noteRefusal } from "../session.ts";
import { ruleOf, value, visible } from "../text.ts";
import { Button } from "./button.tsx";
import { Columns } from "./columns.tsx";
import { ExpressionField } from "./expression-field.tsx";
import { Fault } from "./page.tsx";
import { say } from "../texts.ts";

interface Draft {
  readonly user: string;
  /** Empty: the mappings as they are. */
  readonly attribute: string;
  readonly expression: string;
}

export function AppPreview({ of }: { readonly of: AppFacts }) {
  const [draft, setDraft] = useState<Draft>({ user: "", attribute: "", expression: "" });
  const [given, setGiven] = useState<{ of: Draft; result: AppPreviewFacts | Error } | null>(null);
  const [isBusy, setBusy] = useState(false);
  const until = useLeaving();
  const { app } = of;
  const preview = (event: Event): void => {
    event.preventDefault();
    setBusy(true);
    const { user, attribute, expression } = draft;
    const tried = attribute === "" ? {} : { attribute, expression };
    askAppPreview(app, { user, ...tried }, until)
      .then((result) => setGiven({ of: draft, result }))
      .catch((error: unknown) => {
        noteRefusal(error);
        setGiven({ of: draft, result: error as Error });
      })
      .finally(() => setBusy(false));
  };
  const result = given?.of === draft ? given.result : null;
  return (
    <>
      <form class="filters" onSubmit={preview} aria-busy={isBusy}>
        <Fields of={of} draft={draft} change={setDraft} />
        <Button type="submit" isOff={isBusy}>
          {say().common.preview}
        </Button>
      </form>
      {result instanceof Error && <Fault error={result} />}
      {result !== null && !(result instanceof Error) && <Previewed of={result} />}
    </>
  );
}

interface FieldsProps {
  readonly of: AppFacts;
  readonly draft: Draft;
  readonly change: (draft: Draft) => void;
}

function Fields({ of: { app, mappings }, draft, change }: FieldsProps) {
  const choose = (attribute: string): void => {
    const expression = mappings.find((one) => one.attribute === attribute)?.expression ?? "";
    change({ ...draft, attribute, expression });
  };
  return (
    <>
      <label>
        {say().common.login}
        <input
          required
          value={draft.user}
          onInput={(event) => change({ ...draft, user: event.currentTarget.value })}
        />
      </label>
      <label>
        {say().application.withAnother}
        <select value={draft.attribute} onChange={(event) => choose(event.currentTarget.value)}>
          <option value="">{say().application.asItIs}</option>
          {mappings.map(({ attribute }) => (
            <option key={attribute} value={attribute}>
              {attribute}
            </option>
          ))}
        </select>
      </label>
      {draft.attribute !== "" && (
        <ExpressionField
          key={draft.attribute}
          of={{ app }}
          attribute={draft.attribute}
          value={draft.expression}
          change={(expression) => change({ ...draft, expression })}
        />
      )}
    </>
  );
}

function Previewed({ of }: { readonly of: AppPreviewFacts }) {
  const { login, assigned, decision, why, error, attributes, requests } = of;
  const { common, application } = say();
  const rule = assigned === null ? null : ruleOf(assigned);
  return (
    <section aria-label={application.previewFor(login)}>
      <p>
        {application.wouldBeDone(visible(login), rule, decision, why)}{" "}
        {error !== null && <span class="fault">{error.message}</span>}
      </p>
      <table>
        <Columns
          of={[
            common.attribute,
            application.read,
            common.value,
            application.goesTo,
            application.theAppHas,
          ]}
        />
        <tbody>
          {attributes.map((one) => (
            <tr key={one.attribute}>
              <th scope="row">{one.attribute}</th>
              <td>
                {one.inputs.map(({ name, value: read }) => `${name}: ${value(read)}`).join(", ")}
              </td>
              <td>{value(one.value)}</td>
              <td>
                {one.externalName} <span class="quiet">{one.externalNamespace}</span>
              </td>
              <td>{value(one.acknowledged)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {requests.map((request) => (
        <figure key={request.method + request.path}>
          <figcaption>
            <code>
              {request.method} {request.path}
            </code>{" "}
            <span class="quiet">{request.note}</span>
          </figcaption>
          {request.body !== null && (
            <pre>
              <code>{JSON.stringify(request.body, null, 2)}</code>
            </pre>
          )}
        </figure>
      ))}
    </section>
  );
}
