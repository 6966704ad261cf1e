import { signal } from "@preact/signals";
import { useLocation, useRoute } from "preact-iso";
import { act, ask, type AppFacts, type AssignmentFacts, type PageOf } from "../api.ts";
import { useAsked } from "../asked.ts";
import { begin, type RunRequest } from "../begun.ts";
import { news } from "../live.ts";
import { Act } from "../parts/act.tsx";
import { AppPreview } from "../parts/app-preview.tsx";
import { Badge } from "../parts/badge.tsx";
import { List } from "../parts/list.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { PushGroups } from "../parts/push-groups.tsx";
import { Question } from "../parts/question.tsx";
import { When } from "../parts/when.tsx";
import { may } from "../session.ts";
import { number, ruleOf, value } from "../text.ts";
import { StateOfApp } from "./applications.tsx";

/** One app: what is sent there, who is assigned and why, and what went wrong in the app's words. */
export function Application() {
  const { app = "" } = useRoute().params;
  const { route } = useLocation();
  const latest = news();
  const path = `/apps/${encodeURIComponent(app)}`;
  const facts = useAsked(() => ask<AppFacts>(path), app, latest);
  const start = (request: RunRequest) => async (): Promise<void> => {
    const { run } = await begin({ app, ...request });
    route(`/console/runs/${run}`);
  };
  return (
    <Page
      title={facts.answer?.label ?? app}
      isBusy={facts.isBusy}
      actions={
        may("run") && (
          <>
            <Act label="Push (dry run first)" act={start({ kind: "push", dryRun: true })} />
            <Act
              label="Force Sync (dry run first)"
              act={start({ kind: "force-sync", dryRun: true })}
            />
          </>
        )
      }
    >
      <Shown of={facts}>{(one) => <Provisioning of={one} />}</Shown>
      <h2>Assignments</h2>
      {may("edit") && (
        <p>
          <Question
            button="Assign…"
            title={`Assign somebody to ${app}`}
            verb="Assign"
            field="Login"
            act={(login) => assignBy("assign", app, login)}
          >
            <p>Whoever is assigned gets an account there with the next push.</p>
          </Question>
        </p>
      )}
      <List<AssignmentFacts>
        ask={(after) => ask<PageOf<AssignmentFacts>>(`${path}/assignments`, { limit: 50, after })}
        about={app}
        news={`${latest} ${assigned.value}`}
        caption={`Assignments of ${app}`}
        columns={["Who", "Why", "State", "In the app", "Last push", "What went wrong", "End"]}
        empty="Nobody is assigned."
        keyOf={({ userId }) => userId}
        Row={AssignmentRow}
      />
      <h2>Push Groups</h2>
      <PushGroups app={app} news={latest} />
    </Page>
  );
}

/** How often somebody was assigned or taken off here: then the list has other rows. */
const assigned = signal(0);

async function assignBy(verb: "assign" | "unassign", app: string, login: string): Promise<void> {
  await act("POST", `/apps/${encodeURIComponent(app)}/${verb}`, { people: [login] });
  assigned.value++;
}

function Provisioning({ of }: { readonly of: AppFacts }) {
  const { heldPush, paused } = of;
  return (
    <>
      {heldPush !== null && (
        <p class="note">
          A push is held: {heldPush.held?.reason}{" "}
          <a href={`/console/runs/${heldPush.id}?counted=true`}>Show the push</a>
        </p>
      )}
      {paused !== null && (
        <p class="note">
          Paused: {paused.message} {of.tasks > 0 && <a href="/console/tasks">Tasks</a>}
        </p>
      )}
      <h2>Provisioning</h2>
      <dl>
        <dt>State</dt>
        <dd>
          <StateOfApp of={of} />
        </dd>
        <dt>Address</dt>
        <dd>{of.url}</dd>
        <dt>To App</dt>
        <dd>
          {Object.entries(of.provisioning)
            .map(([name, on]) => `${name}: ${value(on)}`)
            .join(", ")}
        </dd>
        <dt>Whoever is not assigned any more</dt>
        <dd>{of.onUnassign}</dd>
        <dt>Assigned</dt>
        <dd>
          {number(of.assigned)}, {number(of.inSync)} in step, {number(of.pending)} pending,{" "}
          {number(of.failing)} failing
        </dd>
      </dl>
      <Accounts of={of} />
      <details>
        <summary>Mappings</summary>
        {may("explain") && <AppPreview of={of} />}
        <dl>
          {of.mappings.flatMap(({ attribute, expression, apply }) => [
            <dt key={attribute}>{attribute}</dt>,
            <dd key={`${attribute} expression`}>
              <code>{expression}</code>
              {apply === "create" && <span class="quiet"> on creation only</span>}
            </dd>,
          ])}
        </dl>
      </details>
    </>
  );
}

/** What the app has, whoever made it. */
function Accounts({ of: { app } }: { readonly of: AppFacts }) {
  const accounts = `/api/rollcall/v1/apps/${encodeURIComponent(app)}/accounts`;
  return (
    <p>
      Read from the app now, as CSV:{" "}
      <a href={`${accounts}?unknown=true`} download>
        unknown accounts
      </a>{" "}
      (which belong to nobody here),{" "}
      <a href={accounts} download>
        all accounts
      </a>
    </p>
  );
}

function whyAssigned({ by }: AssignmentFacts): string {
  if (by === null) return "not any more";
  return ruleOf(by);
}

function AssignmentRow({ of }: { readonly of: AssignmentFacts }) {
  return (
    <tr>
      <td>
        <a href={`/console/people/${encodeURIComponent(of.login)}`}>{of.login}</a>
      </td>
      <td>{whyAssigned(of)}</td>
      <td>
        <Badge of={of.syncState} /> {of.reason}
      </td>
      <td>
        {of.status} <span class="quiet">{of.externalId}</span>
      </td>
      <td>
        <When at={of.lastPush} />
      </td>
      <td>{of.error !== null && <span class="fault">{of.error.message}</span>}</td>
      <td>
        {may("edit") && of.by !== null && of.by.kind !== "person" && (
          <Question
            button="Convert to a person…"
            label={`Convert to a person: ${of.login}`}
            title={`Assign ${of.login} by hand?`}
            verb="Convert"
            field={null}
            act={() => assignBy("assign", of.app, of.login)}
          >
            <p>
              {of.login} keeps {of.app}, also when the rule ({whyAssigned(of)}) does not give it any
              more. Values that the rule gives do not come with it.
            </p>
          </Question>
        )}
        {may("edit") && of.by?.kind === "person" && (
          <Question
            button="Unassign…"
            label={`Unassign ${of.login}`}
            title={`Take ${of.app} from ${of.login}?`}
            verb="Unassign"
            field={null}
            act={() => assignBy("unassign", of.app, of.login)}
          >
            <p>What happens to the account there is what the app is configured for.</p>
          </Question>
        )}
      </td>
    </tr>
  );
}
