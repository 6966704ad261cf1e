import { farewell, hasProvider } from "../session.ts";
import { LanguageSwitch } from "../parts/language-switch.tsx";
import { Page } from "../parts/page.tsx";
import { say } from "../texts.ts";

/** For everybody who is not signed in: how to come in, and nothing else. */
export function SignedOut() {
  const words = say().signIn;
  return (
    <Page title={words.title} actions={<LanguageSwitch />}>
      {farewell.value !== null && <output class="note">{farewell.value()}</output>}
      {hasProvider.value && (
        <p>
          <a class="main" href="/api/rollcall/v1/sign-in/oidc" target="_self">
            {words.withOrganisation}
          </a>
        </p>
      )}
      <p>{hasProvider.value ? words.orByCommand : words.byCommand}</p>
      <pre>
        <code>npx rollcall admin sign-in</code>
      </pre>
      <p class="quiet">
        {words.less(<code>--role viewer</code>, <code>helpdesk</code>, <code>operator</code>)}
      </p>
    </Page>
  );
}
