import { farewell, hasProvider } from "../session.ts";
import { Page } from "../parts/page.tsx";

/** For everybody who is not signed in: how to come in, and nothing else. */
export function SignedOut() {
  return (
    <Page title="Sign in">
      {farewell.value !== null && <output class="note">{farewell.value}</output>}
      {hasProvider.value && (
        <p>
          <a class="main" href="/api/rollcall/v1/sign-in/oidc" target="_self">
            Sign in with your organisation
          </a>
        </p>
      )}
      <p>
        {hasProvider.value && "Or, where that does not work: "}On the machine where Rollcall runs,
        this command prints a link that signs in once, for ten minutes:
      </p>
      <pre>
        <code>npx rollcall admin sign-in</code>
      </pre>
      <p class="quiet">
        <code>--role viewer</code>, <code>helpdesk</code> or <code>operator</code> makes a link for
        somebody who may less.
      </p>
    </Page>
  );
}
