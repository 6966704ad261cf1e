/**
 * What each folder of `src` may import: the table of the design, as lint rules. What changes people
 * (`runs`) and what only asks (`questions`) do not know each other; what touches the world
 * (`agent`, `store`, `provisioning`) does not, either; the decisions are pure.
 */

import type { OxlintOverride } from "oxlint";

interface Folder {
  /** The other folders of `src` that it may import; a name that ends with `.ts` is a file. */
  readonly may: readonly string[];
  /** Packages that it may import, of those that touch the world. */
  readonly packages?: readonly string[];
  /** Of these folders only types, because only what stands below puts them to work. */
  readonly typesOf?: readonly string[];
  /** Single files that it may not import all the same. */
  readonly never?: readonly string[];
  /** Names that only these files of the folder may import: everything else goes through them. */
  readonly through?: { readonly names: readonly string[]; readonly files: readonly string[] };
  /** Neither I/O nor clock nor randomness, by these names of the runtime. */
  readonly pure?: readonly string[];
  /** Why, for whoever is told by the linter. */
  readonly because: string;
}

const BELOW = ["agent", "provisioning", "store", "mapping", "reconciler", "model", "lib"] as const;
const DATABASE = ["kysely", "pg", "pg-copy-streams", "@electric-sql/*"] as const;
const WORLD = [
  ...DATABASE,
  "ldapts",
  "csv-parse",
  "undici",
  "hono",
  "@hono/*",
  "node-cron",
  "pino",
] as const;
const RUNTIME = ["process", "setTimeout", "fetch", "crypto"] as const;
const WRITING = [
  "apply",
  "edits",
  "forget/erase",
  "forget/events",
  "forget/others",
  "plan",
  "held-plan",
  "leases",
  "retention",
  "api-tokens",
  "sessions",
  "started-once",
  "source-sessions",
  "source-entries",
] as const;

export const FOLDERS: Readonly<Record<string, Folder>> = {
  lib: { may: [], packages: ["node-cron"], because: "lib/ imports nothing of ours" },
  model: { may: ["lib"], because: "model/ is the shared language" },
  config: {
    may: ["model", "lib"],
    packages: ["node-cron"],
    because: "config/ only reads the file",
  },
  agent: {
    may: ["model", "lib"],
    packages: ["ldapts", "csv-parse"],
    because: "agent/ reads directories, and knows neither the store nor the runs",
  },
  provisioning: {
    may: ["model", "lib"],
    packages: ["undici"],
    because: "provisioning/ writes apps, and knows neither the store nor the runs",
  },
  mapping: { may: ["model", "lib"], pure: [...RUNTIME, "Date"], because: "mapping/ is pure" },
  reconciler: {
    may: ["mapping", "model", "lib"],
    pure: RUNTIME,
    because: "reconciler/ is pure: functions from data to data",
  },
  store: {
    may: ["model", "lib"],
    packages: DATABASE,
    because: "store/ knows the database, and neither directories nor runs",
  },
  engine: { may: BELOW, because: "engine/ puts the configuration to work for all above it" },
  runs: {
    may: ["engine", ...BELOW],
    typesOf: ["agent"],
    // An edit by hand holds no claim on a directory or an app, and no more does what is brought until an
    // import takes it; every other write proves that it still has one.
    through: {
      names: ["transact", "fence"],
      files: [
        "record/write.ts",
        "edit-user.ts",
        "forget.ts",
        "assign.ts",
        "tasks.ts",
        "stop.ts",
        "source-sessions.ts",
      ],
    },
    because: "runs/ changes people; it knows neither faces nor questions, neither SQL nor LDAP",
  },
  questions: {
    may: ["engine", "hooks", ...BELOW],
    typesOf: ["agent"],
    never: WRITING.map((name) => `store/${name}.ts`),
    because: "questions/ changes nothing: neither runs nor the writing parts of the store",
  },
  access: {
    may: ["engine", "store", "model", "lib"],
    because: "access/ knows who may come in, and nothing of people in directories",
  },
  hooks: {
    may: ["engine", "documents", "store", "model", "lib"],
    packages: ["undici"],
    because: "hooks/ sends events to elsewhere, and changes nothing here",
  },
  api: {
    may: ["service.ts", "documents", "model", "lib"],
    packages: ["hono", "@hono/*"],
    because: "api/ asks the service",
  },
  survey: {
    may: ["agent", "engine", "reconciler", "mapping", "model", "lib"],
    because: "survey/ looks at directories that no configuration has yet, and writes nothing",
  },
  documents: { may: ["model", "lib"], because: "documents/ is a form for what the model has" },
  schedule: {
    may: ["model", "lib"],
    packages: ["node-cron"],
    because: "schedule/ knows when, and is given what to do",
  },
  http: {
    may: ["service.ts", "model", "lib"],
    packages: ["hono", "@hono/*"],
    because: "http/ asks the service",
  },
  cli: {
    may: [
      "service.ts",
      "daemon.ts",
      "documents",
      "config",
      ...BELOW,
      "engine",
      "runs",
      "questions",
      "api",
    ],
    packages: ["pino"],
    typesOf: [...BELOW.slice(0, 5), "engine", "runs", "questions", "api"],
    because: "cli/ asks the service",
  },
};

const ROOMS = [...Object.keys(FOLDERS), "service.ts", "daemon.ts"];

/** Whatever of ours a folder may not import. */
export function forbiddenTo(folder: string): readonly string[] {
  const { may = [] } = FOLDERS[folder] ?? {};
  return ROOMS.filter((room) => room !== folder && !may.includes(room));
}

function patternOf(room: string): string {
  return room.endsWith(".ts") ? `**/${room}` : `**/${room}/**`;
}

/** The table as overrides for the linter. */
export function folderRules(): OxlintOverride[] {
  const rules = Object.entries(FOLDERS).flatMap(([name, folder]): OxlintOverride[] => {
    const { pure = [], through, because } = folder;
    const patterns = patternsOf(name, folder);
    const globals: Rules = { "no-restricted-globals": ["error", ...pure] };
    const whole = { files: [`**/src/${name}/**`], rules: { ...imports(patterns), ...globals } };
    if (through === undefined) return [whole];
    const { names, files } = through;
    const only = `${because}; ${names.join(" and ")} only by ${files.join(" and ")}`;
    const hidden = { group: ["**/store/**"], importNames: [...names], message: only };
    return [
      { ...whole, rules: { ...imports([...patterns, hidden]), ...globals } },
      { files: files.map((file) => `**/src/${name}/${file}`), rules: imports(patterns) },
    ];
  });
  const off = {
    "typescript/no-restricted-imports": "off",
    "no-restricted-globals": "off",
  } as const;
  return [...rules, { files: ["**/src/**/*.test.ts"], rules: off }];
}

type Rules = NonNullable<OxlintOverride["rules"]>;

interface Pattern {
  readonly group: string[];
  readonly message: string;
  readonly allowTypeImports?: boolean;
  readonly importNames?: string[];
}

function patternsOf(name: string, folder: Folder): Pattern[] {
  const { packages = [], typesOf = [], never = [], pure = [], because: message } = folder;
  const foreign = WORLD.filter((one) => !packages.includes(one));
  const io = pure.length > 0 ? ["node:*"] : [];
  const group = [...forbiddenTo(name), ...never].map(patternOf).concat(foreign, io);
  if (typesOf.length === 0) return [{ group, message }];
  return [
    { group, message },
    { group: typesOf.map(patternOf), message, allowTypeImports: true },
  ];
}

function imports(patterns: Pattern[]): Rules {
  return { "typescript/no-restricted-imports": ["error", { patterns }] };
}
