/** The manifests for Kubernetes, as far as they can be judged without a cluster. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { parseSettings } from "../../src/config/load.ts";

const FOLDER = "config/kubernetes";

interface Container {
  readonly args?: readonly string[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } };
}
interface Template {
  readonly metadata: { readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly serviceAccountName: string;
    readonly containers: readonly Container[];
    readonly volumes: readonly {
      readonly name: string;
      readonly configMap?: { readonly name: string };
      readonly secret?: { readonly secretName: string };
    }[];
  };
}
interface Labels {
  readonly matchLabels: Readonly<Record<string, string>>;
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
  readonly stringData?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template?: Template;
    readonly podSelector?: Labels;
    readonly selector?: Labels & Readonly<Record<string, string>>;
    readonly ports?: readonly { readonly targetPort: string }[];
  };
}

const manifests = readdirSync(FOLDER).flatMap((file) =>
  parseAllDocuments(readFileSync(join(FOLDER, file), "utf8")).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  }),
);

function one(kind: string): Manifest {
  const [first, second] = manifests.filter((manifest) => manifest.kind === kind);
  if (first === undefined || second !== undefined) throw new Error(`not one ${kind}`);
  return first;
}
const templates = ["Deployment", "Job"].map((kind) => {
  const template = one(kind).spec?.template;
  if (template === undefined) throw new Error(`${kind} without a template`);
  return template;
});

/** What the compiler says of manifests as values of Kubernetes' types, in which no other key is allowed. */
function faultsOf(values: readonly Manifest[]): string {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-kubernetes-"));
  try {
    const lines = values.map((value, at) => {
      const [group = "", version] = value.apiVersion.includes("/")
        ? value.apiVersion.split("/")
        : ["core", value.apiVersion];
      const from = resolve(
        "node_modules/kubernetes-types",
        group.split(".")[0] ?? "",
        `${version}`,
      );
      return `import type { ${value.kind} as T${at} } from ${JSON.stringify(from)};
export const m${at}: T${at} = ${JSON.stringify(value)};`;
    });
    const file = join(folder, "manifests.ts");
    writeFileSync(file, lines.join("\n"));
    const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "preserve"];
    const types = ["--types", "", "--ignoreConfig"];
    const { stdout, stderr } = spawnSync("node_modules/.bin/tsc", [...options, ...types, file], {
      encoding: "utf8",
    });
    return stdout + stderr;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("every manifest is what Kubernetes' own types say, and a slip of the pen is not", () => {
  expect(manifests.length).toBeGreaterThan(7);
  expect(faultsOf(manifests)).toBe("");
  const budget = { ...one("PodDisruptionBudget"), spec: { minAvailabel: 1 } };
  expect(faultsOf([budget as unknown as Manifest])).toContain("minAvailabel");
});

test("what a manifest names is there: accounts, volumes, labels, ports", () => {
  for (const { metadata, spec } of templates) {
    expect(spec.serviceAccountName).toBe(one("ServiceAccount").metadata.name);
    expect(metadata.labels).toMatchObject(
      one("NetworkPolicy").spec?.podSelector?.matchLabels ?? {},
    );
    const volumes = new Set(spec.volumes.map(({ name }) => name));
    for (const { volumeMounts } of spec.containers)
      expect(volumeMounts.filter(({ name }) => !volumes.has(name))).toEqual([]);
    const named = spec.volumes.map(
      ({ configMap, secret }) => configMap?.name ?? secret?.secretName,
    );
    expect(named.filter(Boolean)).toEqual([
      one("ConfigMap").metadata.name,
      one("Secret").metadata.name,
    ]);
  }
});

test("the service and the budget are for the daemon, and not for the job", () => {
  const [daemon, job] = templates;
  const selects = one("Service").spec?.selector ?? {};
  expect(daemon?.metadata.labels).toMatchObject(selects);
  expect(daemon?.metadata.labels).toMatchObject(
    one("PodDisruptionBudget").spec?.selector?.matchLabels ?? {},
  );
  // Requests must not go to a job.
  expect(job?.metadata.labels).not.toMatchObject(selects);
  const ports = daemon?.spec.containers[0]?.ports?.map(({ name }) => name);
  expect(ports).toContain(one("Service").spec?.ports?.[0]?.targetPort);
});

/** The environment of a container, with its secrets in another folder. */
function environmentOf(container: Container | undefined, folder: string): Record<string, string> {
  const place = container?.volumeMounts.find(({ name }) => name === "secrets")?.mountPath ?? "";
  const variables = container?.env ?? [];
  return Object.fromEntries(
    variables.map(({ name, value }) => [name, value.replace(place, folder)]),
  );
}

test("the configuration in it is good, with the secrets as files, and listens where it is asked", () => {
  const folder = mkdtempSync(join(tmpdir(), "rollcall-kubernetes-"));
  const secrets = one("Secret").stringData ?? {};
  const text = one("ConfigMap").data?.["rollcall.yaml"] ?? "";
  try {
    for (const [name, value] of Object.entries(secrets))
      writeFileSync(join(folder, name), `${value}\n`);
    for (const { spec } of templates) {
      const [container] = spec.containers;
      const environment = environmentOf(container, folder);
      const { database, http } = parseSettings(text, "rollcall.yaml", environment);
      expect(database.url?.reveal()).toBe(secrets["database-url"]);
      const ports = container?.ports?.map(({ containerPort }) => containerPort) ?? [];
      for (const port of ports) expect([http?.port, http?.metrics?.port]).toContain(port);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
