/**
 * Why a value is what it is: its way from the directories to the profile and where it turned, and on into
 * an app. By what is stored, or by what they say now.
 */
import { useState } from "preact/hooks";
import {
  askWhy,
  askWhyInApp,
  type AppExplanationFacts,
  type ExplanationFacts,
  type PersonFacts,
} from "../api.ts";
import { useAsked } from "../asked.ts";
import { Button } from "./button.tsx";
import { Cure } from "./cure.tsx";
import { Shown } from "./page.tsx";
import { say } from "../texts.ts";

interface WhyProps {
  readonly of: PersonFacts;
  readonly attribute: string;
}

interface Question {
  /** Where the way is followed to; null: to the profile. */
  readonly app: string | null;
  /** Whether the directories, or the app, are asked what they have now. */
  readonly live: boolean;
}

export function Why({ of: { login, accounts, profile, sources }, attribute }: WhyProps) {
  const [question, setQuestion] = useState<Question>({ app: null, live: false });
  const { app, live } = question;
  const words = say().person;
  const asked = useAsked<ExplanationFacts | AppExplanationFacts>(
    () =>
      app === null
        ? askWhy(login, { attribute, live })
        : askWhyInApp(login, { app, attribute, live }),
    JSON.stringify([login, attribute, question]),
    // Whatever was changed on the page may have another reason.
    JSON.stringify([profile[attribute], sources[attribute], accounts]),
  );
  return (
    <div aria-busy={asked.isBusy} class="why">
      <p class="actions">
        {[null, ...accounts.map((one) => one.app)].map((place) => (
          <button
            type="button"
            key={place}
            aria-pressed={place === app}
            onClick={() => setQuestion({ app: place, live: false })}
          >
            {place === null ? words.inTheProfile : words.inApp(place)}
          </button>
        ))}
        <Button
          aria-pressed={live}
          isOff={asked.isBusy}
          onClick={() => setQuestion({ app, live: !live })}
        >
          {words.askNow}
        </Button>
      </p>
      <Shown of={asked}>
        {(found) => (
          <>
            {found.cause !== null && (
              <p class="note">
                {found.cause.sentence}{" "}
                <Cure remedy={found.cause.remedy} command={found.cause.command} />
              </p>
            )}
            <Stages of={found} />
          </>
        )}
      </Shown>
    </div>
  );
}

function Stages({
  of: { cause, stages },
}: {
  readonly of: ExplanationFacts | AppExplanationFacts;
}) {
  const responsible = cause !== null && "stage" in cause ? cause.stage : null;
  return (
    <ol>
      {stages.map((one) => {
        const directory = "directory" in one ? one.directory : null;
        return (
          <li
            key={`${one.stage} ${directory ?? ""}`}
            aria-current={responsible === one.stage ? "step" : undefined}
          >
            <span aria-hidden="true">{signOf(one.ok)}</span>{" "}
            <strong>
              {say().stages[one.stage]}
              {directory !== null && ` (${directory})`}
            </strong>{" "}
            {one.text}
          </li>
        );
      })}
    </ol>
  );
}

function signOf(ok: boolean | null): string {
  if (ok === null) return "·";
  return ok ? "✓" : "✗";
}
