import { useLocation, useRoute } from "preact-iso";
import { useState } from "preact/hooks";
import { actOkta, ask, named, type PersonFacts, rollcall } from "../api.ts";
import { useAsked } from "../asked.ts";
import { begin } from "../begun.ts";
import { Act } from "../parts/act.tsx";
import { Badge } from "../parts/badge.tsx";
import { Columns } from "../parts/columns.tsx";
import { Page, Shown } from "../parts/page.tsx";
import { Question } from "../parts/question.tsx";
import { Unlink } from "../parts/unlink.tsx";
import { When } from "../parts/when.tsx";
import { Why } from "../parts/why.tsx";
import { may } from "../session.ts";
import { kind, value, visible } from "../text.ts";
import { say } from "../texts.ts";

/** A person: each value with whose it is and why; then what directories show, and what happened. */
export function Person() {
  const { who = "" } = useRoute().params;
  const { route } = useLocation();
  const asked = useAsked(() => ask(rollcall.users[":user"].$get(named({ user: who }))), who);
  const person = asked.answer;
  const directory = person?.appUsers[0]?.directory;
  const sync = async (): Promise<void> => {
    const { run } = await begin({ kind: "force-sync", directory: directory ?? "", user: who });
    route(`/console/runs/${run}`);
  };
  return (
    <Page
      title={person?.login ?? who}
      isBusy={asked.isBusy}
      actions={
        directory !== undefined &&
        may("sync-person") && <Act label={say().common.forceSync} act={sync} />
      }
    >
      <Shown of={asked}>
        {(one) => (
          <>
            <p>{say().person.created(<Badge of={one.status} />, <When at={one.createdAt} />)}</p>
            {may("edit") && <Steps person={one} again={asked.again} />}
            <Profile person={one} again={asked.again} />
            {one.appUsers.map((appUser) => (
              <Additional key={appUser.directory} of={appUser} person={one} again={asked.again} />
            ))}
            <Accounts of={one.accounts} />
            <History of={one.history} />
          </>
        )}
      </Shown>
    </Page>
  );
}

interface OfPerson {
  readonly person: PersonFacts;
  /** Asks for the person again. */
  readonly again: () => void;
}

/** What may follow each status, under Okta's names. */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  active: ["suspend", "deactivate"],
  suspended: ["unsuspend"],
  staged: ["activate"],
  deprovisioned: ["reactivate"],
};

function Steps({ person, again }: OfPerson) {
  const words = say().person;
  const verb = (step: string): string => words.steps[step] ?? step;
  return (
    <p class="actions">
      {(STEPS[person.status] ?? []).map((step) => (
        <Question
          key={step}
          button={`${verb(step)}…`}
          title={words.stepTitle(verb(step), person.login)}
          verb={verb(step)}
          field={null}
          act={async () => {
            await actOkta(`/users/${person.id}/lifecycle/${step}`, {});
            again();
          }}
        >
          <p>{words.stepAbout}</p>
        </Question>
      ))}
    </p>
  );
}

/** What was typed, as a value of the type that is there now. @throws Error that says what is expected */
function typedAs(present: unknown, text: string): unknown {
  if (Array.isArray(present)) {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    return lines.map((line) => typedAs(present[0] ?? "", line));
  }
  const word = text.trim();
  if (typeof present === "number") {
    if (word === "" || !Number.isFinite(Number(word))) throw new Error(say().person.numberExpected);
    return Number(word);
  }
  if (typeof present !== "boolean") return text;
  if (word !== "true" && word !== "false") throw new Error(say().person.truthExpected);
  return word === "true";
}

/** A value of one's own; what a directory owns is refused, with whose it is. */
function Edit({ person, again, name }: OfPerson & { readonly name: string }) {
  const { route } = useLocation();
  const words = say().person;
  const present = person.profile[name];
  const isList = Array.isArray(present);
  return (
    <Question
      button={words.edit}
      label={words.editOne(name)}
      title={words.editTitle(name, person.login)}
      verb={say().common.save}
      field={isList ? words.oneALine(name) : name}
      first={isList ? present.map(String).join("\n") : String(present ?? "")}
      isList={isList}
      act={async (text) => {
        const profile = { [name]: typedAs(present, text) };
        await actOkta(`/users/${person.id}`, { profile });
        // Under another login, the address is another one.
        if (name === "login") route(`/console/people/${person.id}`, true);
        else again();
      }}
    />
  );
}

function Profile({ person, again }: OfPerson) {
  const [open, setOpen] = useState<string | null>(null);
  const { common, person: words } = say();
  const names = Object.keys(person.profile);
  const columns = [common.attribute, common.value, words.source];
  return (
    <section aria-labelledby="profile">
      <h2 id="profile">{words.profile}</h2>
      <table>
        <Columns of={may("explain") ? [...columns, common.why] : columns} />
        <tbody>
          {names.flatMap((name) => [
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{value(person.profile[name])}</td>
              <td>
                <span class="badge plain">{person.sources[name] ?? "okta"}</span>
              </td>
              {may("explain") && (
                <td>
                  <button
                    type="button"
                    aria-expanded={open === name}
                    aria-label={words.whyNot(name)}
                    onClick={() => setOpen(open === name ? null : name)}
                  >
                    {words.why}
                  </button>{" "}
                  {may("edit") && <Edit person={person} again={again} name={name} />}
                </td>
              )}
            </tr>,
            ...(open === name
              ? [
                  <tr key={`${name} why`}>
                    <td colSpan={4}>
                      <Why of={person} attribute={name} />
                    </td>
                  </tr>,
                ]
              : []),
          ])}
        </tbody>
      </table>
    </section>
  );
}

interface AdditionalProps extends OfPerson {
  readonly of: PersonFacts["appUsers"][number];
}

function Additional({ of, person, again }: AdditionalProps) {
  const { answer } = useAsked(
    () => ask(rollcall.directories[":directory"].$get(named({ directory: of.directory }))),
    of.directory,
  );
  const kindOf = answer?.type === "active-directory" ? "Active Directory" : "LDAP";
  const words = say().person;
  const title = words.additional(kindOf, of.directory);
  return (
    <details>
      <summary>{title}</summary>
      <p class="quiet">
        {words.imported(
          <>
            {visible(of.dn)} <Badge of={of.status} />
          </>,
          <When at={of.lastImported} />,
        )}
      </p>
      {of.error !== null && <p class="fault">{of.error.message}</p>}
      {of.groups.length > 0 && (
        <p>{words.inGroups(of.groups.map(({ name }) => name).join(", "))}</p>
      )}
      <dl>
        {Object.entries(of.profile).flatMap(([name, one]) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name} value`}>
            {value(one)}
            {of.meanings[name] !== undefined && <span class="quiet"> ({of.meanings[name]})</span>}
          </dd>,
        ])}
      </dl>
      {may("match") && (
        <p class="actions">
          <Unlink login={person.login} directory={of.directory} id={of.externalId} done={again} />
        </p>
      )}
    </details>
  );
}

function Accounts({ of }: { readonly of: PersonFacts["accounts"] }) {
  if (of.length === 0) return null;
  return (
    <section aria-labelledby="accounts">
      <h2 id="accounts">{say().common.applications}</h2>
      <ul>
        {of.map(({ app, status, lastPush, error }) => (
          <li key={app}>
            {say().person.pushed(
              <>
                {app} <Badge of={status} />
              </>,
              <When at={lastPush} />,
            )}
            {error !== null && <span class="fault"> {error.message}</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}

function History({ of }: { readonly of: PersonFacts["history"] }) {
  return (
    <section aria-labelledby="history">
      <h2 id="history">{say().person.lastChanges}</h2>
      {of.length === 0 && <p class="quiet">{say().person.nothingChanged}</p>}
      <ul>
        {of.map((one) => (
          <li key={one.run + one.action}>
            <a href={`/console/runs/${one.run}`}>{kind(one.kind)}</a> <When at={one.at} />:{" "}
            {say().actions[one.action] ?? one.action}
            {one.changes.length > 0 &&
              `, ${one.changes.map(({ attribute, to }) => `${attribute} ${value(to)}`).join(", ")}`}
          </li>
        ))}
      </ul>
    </section>
  );
}
