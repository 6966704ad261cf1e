/** What every page has: one heading, a title of its own, and words while it waits or fails. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ask, Refused, rollcall } from "../api.ts";
import { useAsked, type Asked } from "../asked.ts";
import { say } from "../texts.ts";

interface PageProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** What can be done here. */
  readonly actions?: ComponentChildren;
  readonly isBusy?: boolean;
}

export function Page({ title, children, actions, isBusy = false }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${title} · Rollcall`;
  }, [title]);
  // Whoever reads by ear is told where a link led to.
  useEffect(() => heading.current?.focus({ preventScroll: true }), []);
  return (
    <main aria-busy={isBusy}>
      <header class="top">
        <h1 tabIndex={-1} ref={heading}>
          {title}
        </h1>
        {actions !== undefined && <div class="actions">{actions}</div>}
      </header>
      {children}
    </main>
  );
}

/** Shows an answer, or why there is none. */
export function Shown<Answer>({
  of,
  children,
}: {
  readonly of: Asked<Answer>;
  readonly children: (answer: Answer) => ComponentChildren;
}) {
  if (of.error !== null) return <Fault error={of.error} />;
  if (of.answer === null) return <p class="quiet">{say().common.loading}</p>;
  return (
    <>
      {of.isOld && <output class="note">{say().common.notNewest}</output>}
      {children(of.answer)}
    </>
  );
}

/** Where people sign in by their organisation, the way there. */
function SignInAgain() {
  const { answer } = useAsked(() => ask(rollcall["sign-in"].$get()), "sign-in");
  if (answer?.oidc !== true) return null;
  return (
    <a href="/api/rollcall/v1/sign-in/oidc?again=true" target="_self">
      {say().signIn.withOrganisation}
    </a>
  );
}

export function Fault({ error }: { readonly error: Error }) {
  return (
    <p class="fault" role="alert">
      {error.message} {error instanceof Refused && error.cure}{" "}
      {error instanceof Refused && error.code === "access.signInAgain" && <SignInAgain />}
      {error instanceof Refused && error.problems.length > 0 && (
        <code class="problems">{error.problems.join("\n")}</code>
      )}
    </p>
  );
}
