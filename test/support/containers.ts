import { fileURLToPath } from "node:url";
import { GenericContainer, Wait } from "testcontainers";

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
    .withWaitStrategy(Wait.forLogMessage(/database system is ready to accept connections/, 1))
    .start();
  return {
    title: "OpenLDAP and Postgres in containers",
    postgresUrl: `postgres://postgres@${postgres.getHost()}:${postgres.getMappedPort(5432)}/postgres`,
    ldapUrl: `ldap://${ldap.getHost()}:${ldap.getMappedPort(1389)}`,
    stop: async () => {
      await ldap.stop();
      await postgres.stop();
    },
  };
}
