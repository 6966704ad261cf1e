import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { GenericContainer, Wait } from "testcontainers";
import { query } from "./postgres.ts";
import { NOTING } from "./statements.ts";

const OPENLDAP = fileURLToPath(new URL("../../config/openldap", import.meta.url));

/** OpenLDAP (the image of the compose file) and Postgres in containers. */
export async function startContainers() {
  const image = await GenericContainer.fromDockerfile(OPENLDAP).build("rollcall-test-openldap", {
    deleteOnExit: false,
  });
  const ldap = await image
    .withExposedPorts(1389)
    .withEnvironment({ LDAP_PEOPLE: "none" })
    .withWaitStrategy(Wait.forListeningPorts())
    .start();
  const postgres = await new GenericContainer("postgres:17")
    .withExposedPorts(5432)
    .withEnvironment({ POSTGRES_HOST_AUTH_METHOD: "trust" })
    .withCommand(
      ["shared_preload_libraries=pg_stat_statements", ...NOTING].flatMap((one) => ["-c", one]),
    )
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 1))
    .start();
  const postgresUrl = `postgres://postgres@${postgres.getHost()}:${postgres.getMappedPort(5432)}/postgres`;
  await untilItAnswers(postgresUrl);
  return {
    title: "OpenLDAP and Postgres in containers",
    postgresUrl,
    ldapUrl: `ldap://${ldap.getHost()}:${ldap.getMappedPort(1389)}`,
    stop: async () => {
      await ldap.stop();
      await postgres.stop();
    },
  };
}

/**
 * The first server that says that it is ready only prepares the folder, and listens to nobody
 * outside its container.
 */
async function untilItAnswers(url: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await query(url, "select 1");
      return;
    } catch (error) {
      if (tries === 240) throw error;
      await pause(250);
    }
  }
}
