/** A real identity provider (oidc-provider) on the loopback interface, with people in groups. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Provider } from "oidc-provider";

export interface IdentityProvider extends AsyncDisposable {
  readonly issuer: string;
}

export const CLIENT = { id: "rollcall", secret: "a-secret-of-rollcall-and-the-provider" };

/**
 * Whoever gives a name signs in by it, with any password.
 * @param groups of each person, by name
 * @param inToken whether the ID token has the groups; else only who asks for them is told
 */
export async function startProvider(
  groups: Readonly<Record<string, readonly string[]>>,
  redirect: string,
  inToken = true,
): Promise<IdentityProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: [redirect],
      },
    ],
    claims: { openid: ["sub"], profile: ["preferred_username", "groups"], email: ["email"] },
    conformIdTokenClaims: !inToken,
    cookies: { keys: ["of-a-test"] },
    pkce: { required: () => true },
    findAccount: (_, name) => ({
      accountId: name,
      claims: () => ({
        sub: name,
        preferred_username: `${name}@idp.example.org`,
        groups: groups[name] ?? [],
      }),
    }),
  });
  const quiet = (): undefined => undefined;
  provider.on("server_error", quiet);
  server.on("request", (request, response) => void provider.callback()(request, response));
  return {
    issuer,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}
