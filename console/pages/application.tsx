import { signal } from "@preact/signals";
import { useLocation, useRoute } from "preact-iso";
import { type AppFacts, ask, type AssignmentFacts, given, named, rollcall } from "../api.ts";
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
import { Test } from "../parts/test.tsx";
import { When } from "../parts/when.tsx";
import { may } from "../session.ts";
import { number, ruleOf, value } from "../text.ts";
import { StateOfApp } from "./applications.tsx";
import { say } from "../texts.ts";

/** One app: what is sent there, who is assigned and why, and what went wrong in the app's words. */
export function Application() {
  const { app = "" } = useRoute().params;
  const { route } = useLocation();
  const latest = news();
  const { common, application } = say();
  const facts = useAsked(() => ask(rollcall.apps[":app"].$get(named({ app }))), app, latest);
  const start = (request: RunRequest) => async (): Promise<void> => {
    const { run } = await begin(request);
    route(`/console/runs/${run}`);
  };
  return (
    <Page
      title={facts.answer?.label ?? app}
      isBusy={facts.isBusy}
      actions={
        may("run") && (
          <>
            <Act
              label={application.pushDryFirst}
              act={start({ kind: "push", app, dryRun: true })}
            />
            <Act
              label={common.forceSyncDryFirst}
              act={start({ kind: "force-sync", app, dryRun: true })}
            />
          </>
        )
      }
    >
      <Shown of={facts}>{(one) => <Provisioning of={one} />}</Shown>
      <Assignments app={app} news={latest} />
      <h2>{application.pushGroups}</h2>
      <PushGroups app={app} news={latest} />
    </Page>
  );
}

interface OfApp {
  readonly app: string;
  /** Another text when others may be assigned. */
  readonly news: string;
}

function Assignments({ app, news: latest }: OfApp) {
  const { common, application } = say();
  return (
    <>
      <h2>{application.assignments}</h2>
      {may("edit") && (
        <p>
          <Question
            button={application.assign}
            title={application.assignTo(app)}
            verb={application.assignVerb}
            field={common.login}
            act={(login) => assignBy("assign", app, login)}
          >
            <p>{application.assignedGets}</p>
          </Question>
        </p>
      )}
      <List<AssignmentFacts>
        ask={(after) =>
          ask(
            rollcall.apps[":app"].assignments.$get({
              ...named({ app }),
              query: given({ limit: 50, after }),
            }),
          )
        }
        about={app}
        news={`${latest} ${assigned.value}`}
        caption={application.caption(app)}
        columns={[
          common.who,
          common.why,
          common.state,
          common.inTheApp,
          common.lastPush,
          application.whatWentWrong,
          common.end,
        ]}
        empty={application.nobody}
        keyOf={({ userId }) => userId}
        Row={AssignmentRow}
      />
    </>
  );
}

/** How often somebody was assigned or taken off here: then the list has other rows. */
const assigned = signal(0);

async function assignBy(verb: "assign" | "unassign", app: string, login: string): Promise<void> {
  await ask(rollcall.apps[":app"][verb].$post({ ...named({ app }), json: { people: [login] } }));
  assigned.value++;
}

function Provisioning({ of }: { readonly of: AppFacts }) {
  const { heldPush, paused } = of;
  const { common, application } = say();
  return (
    <>
      {heldPush !== null && (
        <p class="note">
          {application.pushHeld(heldPush.held?.reason ?? "")}{" "}
          <a href={`/console/runs/${heldPush.id}?counted=true`}>{application.showPush}</a>
        </p>
      )}
      {paused !== null && (
        <p class="note">
          {application.paused(paused.message)}{" "}
          {of.tasks > 0 && <a href="/console/tasks">{say().navigation.tasks}</a>}
        </p>
      )}
      <h2>{application.provisioning}</h2>
      <dl>
        <dt>{common.state}</dt>
        <dd>
          <StateOfApp of={of} />
        </dd>
        <dt>{application.address}</dt>
        <dd>
          {of.url} {may("run") && <Test key={of.app} of={of.app} />}
        </dd>
        <dt>{application.toApp}</dt>
        <dd>
          {Object.entries(of.provisioning)
            .map(([name, on]) => `${name}: ${value(on)}`)
            .join(", ")}
        </dd>
        <dt>{application.notAssignedAnyMore}</dt>
        <dd>{of.onUnassign}</dd>
        <dt>{say().applications.assigned}</dt>
        <dd>
          {application.counts(
            number(of.assigned),
            number(of.inSync),
            number(of.pending),
            number(of.failing),
          )}
        </dd>
      </dl>
      <Accounts of={of} />
      <Mappings of={of} />
    </>
  );
}

function Mappings({ of }: { readonly of: AppFacts }) {
  const { common, application } = say();
  return (
    <details>
      <summary>{common.mappings}</summary>
      {may("explain") && <AppPreview of={of} />}
      <dl>
        {of.mappings.flatMap(({ attribute, expression, apply }) => [
          <dt key={attribute}>{attribute}</dt>,
          <dd key={`${attribute} expression`}>
            <code>{expression}</code>
            {apply === "create" && <span class="quiet"> {application.onCreationOnly}</span>}
          </dd>,
        ])}
      </dl>
    </details>
  );
}

/** What the app has, whoever made it. */
function Accounts({ of: { app } }: { readonly of: AppFacts }) {
  const { application } = say();
  const accounts = `/api/rollcall/v1/apps/${encodeURIComponent(app)}/accounts`;
  return (
    <p>
      {application.readNow(
        <a href={`${accounts}?unknown=true`} download>
          {application.unknownAccounts}
        </a>,
        <a href={accounts} download>
          {application.allAccounts}
        </a>,
      )}
    </p>
  );
}

function whyAssigned({ by }: AssignmentFacts): string {
  if (by === null) return say().application.notAnyMore;
  return ruleOf(by);
}

function AssignmentRow({ of }: { readonly of: AssignmentFacts }) {
  const { application } = say();
  return (
    <tr>
      <td>
        <a href={`/console/people/${encodeURIComponent(of.login)}`}>{of.login}</a>
      </td>
      <td>{whyAssigned(of)}</td>
      <td>
        <Badge of={of.syncState} /> {of.reason !== null && say().accountReasons[of.reason]}
      </td>
      <td>
        {say().states[of.status] ?? of.status} <span class="quiet">{of.externalId}</span>
      </td>
      <td>
        <When at={of.lastPush} />
      </td>
      <td>{of.error !== null && <span class="fault">{of.error.message}</span>}</td>
      <td>
        {may("edit") && of.by !== null && of.by.kind !== "person" && (
          <Question
            button={application.convert}
            label={application.convertOf(of.login)}
            title={application.convertTitle(of.login)}
            verb={application.convertVerb}
            field={null}
            act={() => assignBy("assign", of.app, of.login)}
          >
            <p>{application.convertAbout(of.login, of.app, whyAssigned(of))}</p>
          </Question>
        )}
        {may("edit") && of.by?.kind === "person" && (
          <Question
            button={application.unassign}
            label={application.unassignOf(of.login)}
            title={application.unassignTitle(of.login, of.app)}
            verb={application.unassignVerb}
            field={null}
            act={() => assignBy("unassign", of.app, of.login)}
          >
            <p>{application.unassignAbout}</p>
          </Question>
        )}
      </td>
    </tr>
  );
}
