/**
 * The configuration file as zod sees it: structure, types and descriptions. The JSON Schema for
 * editors is generated from here. What needs two places of the file at once is in `semantics.ts`.
 */
import { SIGN_IN_ROLES } from "../model/role.ts";
import { z } from "zod";
import { MATCH_KEYS, PRESETS } from "../model/app.ts";
import { WAYS } from "../model/incremental.ts";

/** Numbers and truth values may come from variables, which are text. */
function whole(
  minimum: number,
  maximum = Number.MAX_SAFE_INTEGER,
): z.ZodType<number, number | string> {
  const digits = z.string().regex(/^\d+$/, "a whole number is expected").transform(Number);
  return z.union([z.number(), digits]).pipe(z.number().int().min(minimum).max(maximum));
}

const truth = z.union([
  z.boolean(),
  z.enum(["true", "false"]).transform((text) => text === "true"),
]);

const oneOrMany = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
  .transform((value) => (typeof value === "string" ? [value] : value));

const percent = z.union(
  [
    z.literal("off"),
    z.number().min(0).max(100),
    z
      .string()
      .regex(/^\d+(?:\.\d+)?$/)
      .transform(Number)
      .pipe(z.number().min(0).max(100)),
  ],
  { error: "a percentage from 0 to 100 (without a sign), or off, is expected" },
);

const removals = {
  percent: percent.default(20).describe("Removals above this percentage hold the run; or off."),
  minimum: whole(0).default(100).describe("Percentages do not apply to fewer people."),
  count: whole(0).optional().describe("Removals above this number hold the run."),
};

const orgSafeguard = z.union([z.literal("off"), z.strictObject(removals)]).prefault({});

const safeguard = z
  .union([
    z.literal("off"),
    z.strictObject({
      ...removals,
      drop: percent
        .default(40)
        .describe("A read of more than this percentage fewer people than the last holds the run."),
      updates: percent
        .default(50)
        .describe("Overwritten or emptied values of more than this percentage hold the run."),
      failures: percent
        .default(50)
        .describe("More than this percentage of people failing who did not before holds the run."),
      logins: percent
        .default(20)
        .describe("Changed logins of more than this percentage hold the run."),
      grants: percent
        .default(20)
        .describe("More than this percentage of people getting access back holds the run."),
    }),
  ])
  .prefault({});

const disabled = z.strictObject({
  attribute: z.string().min(1),
  values: z
    .array(z.string())
    .min(1)
    .optional()
    .describe("Values that say so, without regard to case; TRUE may stand without quotes."),
  bit: whole(1)
    .optional()
    .describe("A bit of the attribute's number, as its value: 2 for ACCOUNTDISABLE."),
  expires: z
    .literal(true)
    .optional()
    .describe("The attribute tells from when on the account is disabled, as accountExpires does."),
});

const users = z.strictObject({
  base: oneOrMany.optional().describe("Search base, or a list of them."),
  scope: z.enum(["sub", "one", "base"]).default("sub"),
  filter: z.string().min(1).optional().describe("Which entries are people (RFC 4515)."),
  id: z.string().min(1).optional().describe("The attribute that identifies a person for ever."),
  attributes: z.array(z.string().min(1)).min(1).default(["*"]),
  disabled: z
    .union([disabled, z.array(disabled).min(1)])
    .optional()
    .describe("How the directory says that an account is disabled; of several, each is enough."),
});

const groups = z.strictObject({
  base: oneOrMany
    .optional()
    .describe("Where the groups are; for active-directory the domain of the people's base."),
  filter: z.string().min(1).optional().describe("Which entries are groups (RFC 4515)."),
  column: z
    .string()
    .min(1)
    .optional()
    .describe("Of a directory of type csv: the column that names people's groups."),
});

const changes = z.strictObject({
  way: z
    .enum(["auto", "off", ...WAYS])
    .default("auto")
    .describe("How changes are read; auto takes the best that the server offers."),
  overlap: whole(0, 86_400)
    .default(300)
    .describe("Seconds that modification times reach back behind the greatest one seen."),
  compare: whole(0, 525_600)
    .default(60)
    .describe("Minutes between comparisons of identifiers, where nothing else shows who is gone."),
});

const incremental = z
  .union([
    z.literal("off").transform(() => ({ way: "off" as const, overlap: 300, compare: 60 })),
    changes,
  ])
  .prefault({});

const mapping = z.union([
  z.string(),
  z.strictObject({
    expression: z.string(),
    apply: z.enum(["create", "update"]).default("update"),
  }),
]);

const matchingRule = z.strictObject({
  user: z.string().describe("The attribute of users that is compared."),
  app: z.string().describe("What an entry has for it: an expression."),
  onMatch: z
    .enum(["link", "confirm"])
    .optional()
    .describe(
      "link: the entry belongs to whom the rule finds; confirm: a person decides. Default: confirm where another directory has or had the user, unless the attribute is employeeNumber.",
    ),
});

const schedule = z.strictObject({
  incremental: z.string().optional().describe("Cron expression."),
  full: z.string().optional().describe("Cron expression."),
  timezone: z.string().default("UTC").describe("IANA time zone of the cron expressions."),
});

const bind = z.strictObject({
  mechanism: z
    .enum(["simple", "external"])
    .default("simple")
    .describe("external: the account that the client's certificate (tls.cert) stands for."),
  dn: z.string().min(1).optional().describe("The account that reads."),
  password: z.string().optional(),
  passwordFile: z
    .string()
    .min(1)
    .optional()
    .describe("File that holds the password, and nothing else but a line end."),
});

const directory = z.strictObject({
  type: z.enum(["ldap", "active-directory", "ldif", "csv", "identity-source"]),
  url: oneOrMany.optional().describe("ldap:// or ldaps:// url, or a list that is tried in order."),
  path: z.string().min(1).optional().describe("The file of a directory of type ldif or csv."),
  delimiter: z
    .string()
    .length(1, "one sign is expected")
    .optional()
    .describe("csv: what stands between the fields; found from the heading unless set."),
  encoding: z
    .string()
    .min(1)
    .optional()
    .describe("csv: such as utf-8, utf-16le, windows-1252; found unless set."),
  separator: z
    .string()
    .min(1)
    .optional()
    .describe("csv: what stands between several values in one cell."),
  trailer: z
    .string()
    .min(1)
    .optional()
    .describe("csv: how the closing line begins; a number in it is that of the rows."),
  startTls: truth.default(false),
  tls: z
    .strictObject({
      ca: z
        .string()
        .min(1)
        .optional()
        .describe("File with the certificates that are trusted (PEM or DER)."),
      rejectUnauthorized: truth.default(true),
      cert: z.string().min(1).optional().describe("File with the client's own certificate (PEM)."),
      key: z.string().min(1).optional().describe("File with the key to it (PEM)."),
      minVersion: z
        .union([z.enum(["TLSv1.2", "TLSv1.3"]), z.literal(1.2), z.literal(1.3)], {
          error: "TLSv1.2 or TLSv1.3 is expected",
        })
        .default("TLSv1.2")
        .describe("The oldest version of TLS that is spoken."),
    })
    .prefault({}),
  bind: bind.optional(),
  pageSize: whole(1, 10_000)
    .optional()
    .describe(
      "Entries to ask for at a time. Default: 5000, with `rateLimit` 1000; of a server that allows fewer, fewer are asked for.",
    ),
  rateLimit: whole(1).optional().describe("Entries to ask for in a second, to spare the server."),
  timeout: whole(1, 3600).default(60).describe("Seconds of silence until a server counts as dead."),
  users: users.prefault({}),
  groups: groups.optional().describe("Groups and their members; without this they are not read."),
  incremental,
  watch: truth
    .default(false)
    .describe("`serve` listens and applies changes at once (RFC 4533 refreshAndPersist)."),
  schedule: schedule.prefault({}),
  importSafeguard: safeguard,
  onRemoval: z.enum(["deactivate", "suspend", "keep"]).default("deactivate"),
  reactivate: z
    .array(z.enum(["deprovisioned", "suspended"]))
    .default(["deprovisioned", "suspended"])
    .describe("Statuses that an import gave and that end when the person returns; [] for none."),
  matching: z.array(matchingRule).default([]),
  onNoMatch: z.enum(["create", "ignore"]).default("create"),
  toOkta: z.record(z.string(), mapping).default({}),
});

const attribute = z.strictObject({
  title: z.string().optional(),
  type: z.enum(["string", "boolean", "number", "integer", "array"]).default("string"),
  required: truth.default(false),
  minLength: whole(0).optional(),
  maxLength: whole(0).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  pattern: z
    .string()
    .optional()
    .describe("Regular expression (RE2) that the whole value must match."),
  enum: z
    .array(z.union([z.string(), z.number()]))
    .min(1)
    .optional(),
  format: z
    .enum(["email", "uri", "country-code", "language-code", "locale", "timezone", "date-time"])
    .optional(),
  unique: truth
    .default(false)
    .describe("No two users may have the same value (compared without regard to case)."),
});

const profile = z.strictObject({
  sources: z.array(z.string()).optional().describe("Directories, highest source priority first."),
  fallback: truth
    .default(false)
    .describe("Where a source has no value for an attribute, take the one of the next source."),
  overrides: z
    .record(
      z.string(),
      z.union([
        z.literal("okta"),
        z.array(z.string()).min(1),
        z.strictObject({
          sources: z
            .union([z.literal("okta"), z.array(z.string()).min(1)])
            .optional()
            .describe("Own order of directories, or okta; without it, the order of the sources."),
          fallback: truth.optional().describe("For this attribute instead of for all."),
        }),
      ]),
    )
    .default({}),
  attributes: z.record(z.string(), attribute).default({}),
});

const appUrl = z.string().min(1).describe("The SCIM 2.0 address, such as https://HOST/scim/v2.");

const secretText = z.string().describe("Best a variable: ${NAME}.");

const auth = z.union(
  [
    z.strictObject({ bearer: secretText }),
    z.strictObject({ basic: z.strictObject({ user: z.string().min(1), password: secretText }) }),
    z.strictObject({ header: z.strictObject({ name: z.string().min(1), value: secretText }) }),
  ],
  { error: "one of bearer, basic { user, password } and header { name, value } is expected" },
);

const assignedValues = z
  .record(z.string(), z.union([z.string(), z.number(), z.boolean()]))
  .default({})
  .describe("Values of the app's attributes for whoever is assigned by this.");

const assignRule = z.union(
  [
    z.literal("everyone"),
    z.strictObject({ everyone: z.literal(true), values: assignedValues }),
    z.strictObject({
      group: z.strictObject({ directory: z.string(), name: z.string().min(1) }),
      values: assignedValues,
    }),
    z.strictObject({ when: z.string().min(1), values: assignedValues }),
  ],
  { error: "everyone, { group: { directory, name } } or { when: CONDITION } is expected" },
);

const appAttribute = z.strictObject({
  type: z.enum(["string", "boolean", "number", "integer", "array"]).default("string"),
  externalName: z
    .string()
    .min(1)
    .optional()
    .describe("What the app calls it: title, name.givenName, emails.^[primary==true].value."),
  externalNamespace: z
    .string()
    .min(1)
    .optional()
    .describe("The SCIM schema it belongs to: urn:ietf:params:scim:schemas:core:2.0:User."),
});

const app = z.strictObject({
  type: z.enum(["scim"]),
  label: z.string().min(1).optional().describe("What people call it."),
  url: appUrl,
  auth: auth.optional(),
  tls: z
    .strictObject({
      ca: z
        .string()
        .min(1)
        .optional()
        .describe("File with the certificates that are trusted (PEM or DER)."),
      rejectUnauthorized: truth.default(true),
    })
    .prefault({}),
  preset: z.enum(PRESETS).default("generic").describe("What is known of the kind of server."),
  capabilities: z
    .strictObject({
      update: z.enum(["put", "patch"]).optional(),
      activate: z.enum(["put", "patch"]).optional(),
      filters: z.array(z.enum(MATCH_KEYS)).optional(),
      etag: truth.optional(),
      groupChunk: whole(1, 10_000).optional(),
      atOnce: whole(1, 64).optional(),
    })
    .prefault({})
    .describe("What the server can do, where what is declared and learned is wrong."),
  rateLimit: z.number().positive().max(10_000).optional().describe("Requests a second."),
  timeout: whole(1, 3600).default(60).describe("Seconds until an answer counts as lost."),
  provisioning: z
    .strictObject({
      create: truth.default(false),
      update: truth.default(false),
      deactivate: truth.default(false),
    })
    .prefault({})
    .describe("What may be changed in the app; each is off unless set."),
  onUnassign: z.enum(["deactivate", "delete", "keep"]).default("deactivate"),
  matching: z
    .array(z.enum(MATCH_KEYS))
    .default([...MATCH_KEYS])
    .describe("By what an account that is there already is found; [] adopts none."),
  assign: z.array(assignRule).default([]).describe("Who is assigned; the first that fits counts."),
  attributes: z.record(z.string(), appAttribute).default({}),
  toApp: z
    .record(z.string(), z.union([mapping, z.null()]))
    .default({})
    .describe("App attribute: expression. Lies over the defaults; empty: is not mapped."),
  pushGroups: z
    .array(
      z.strictObject({
        directory: z.string(),
        name: z.string().min(1),
        as: z.string().min(1).optional().describe("What it is called in the app."),
      }),
    )
    .default([]),
  safeguard: z
    .union([
      z.literal("off"),
      z.strictObject({
        ...removals,
        updates: percent
          .default(50)
          .describe("Changes of more than this percentage of the accounts hold the push."),
      }),
    ])
    .prefault({}),
});

export const configSchema = z.strictObject({
  database: z
    .strictObject({
      url: z.string().default("").describe("postgres://…; empty: the embedded database."),
      directory: z.string().min(1).default("./data"),
    })
    .optional(),
  http: z
    .union([
      z.literal("off"),
      z.strictObject({
        host: z.string().min(1).default("127.0.0.1"),
        port: whole(0, 65_535).default(8080),
        publicUrl: z
          .string()
          .default("")
          .describe(
            "How clients reach it: https://HOST; links in answers begin so. Empty: by its address.",
          ),
        api: z
          .boolean()
          .optional()
          .describe(
            "Whether the API is offered; default: where the host is loopback, or publicUrl is https.",
          ),
        configuration: z
          .enum(["readonly", "writable"])
          .default("readonly")
          .describe(
            "Whether administrators may change mappings, attributes and toggles by the API.",
          ),
        console: z
          .boolean()
          .default(true)
          .describe("Whether the web console is offered, where the API is."),
        oidc: z
          .strictObject({
            issuer: z.string().min(1).describe("Of the identity provider: https://HOST…"),
            clientId: z.string().min(1),
            clientSecret: secretText,
            roles: z
              .record(z.string().min(1), z.enum(SIGN_IN_ROLES))
              .describe("The role of whoever is in a group; the greatest of several counts."),
            groupsClaim: z
              .string()
              .min(1)
              .default("groups")
              .describe("Where the ID token has somebody's groups."),
            scope: z.string().min(1).default("openid profile email"),
          })
          .optional()
          .describe(
            "Signing in to the console by OpenID Connect. Without it: rollcall admin sign-in.",
          ),
        searchIndexes: z
          .array(z.string())
          .default([])
          .describe(
            "By what else searches of the API find users by an index: profile.NAME of texts; created, activated, statusChanged.",
          ),
        plainHttp: z
          .boolean()
          .default(false)
          .describe("Lets tokens cross a network without TLS. Only where something else encrypts."),
        trustedProxies: z
          .array(z.string())
          .default([])
          .describe(
            "Addresses or networks of proxies whose X-Forwarded-For says who the client is.",
          ),
        metrics: z
          .strictObject({
            host: z.string().min(1).default("127.0.0.1"),
            port: whole(0, 65_535),
          })
          .optional()
          .describe("An address of its own for /metrics, where nobody is asked for a token."),
      }),
    ])
    .prefault({})
    .describe("Where `serve` answers /healthz, /readyz, /metrics and the API."),
  importSafeguard: orgSafeguard.describe("The limits of the whole organisation."),
  organisation: z
    .strictObject({ name: z.string().optional(), subDomain: z.string().optional() })
    .prefault({})
    .describe("What org.name and org.subDomain are in expressions."),
  history: z
    .strictObject({
      undoDays: whole(0, 36_500).default(30).describe("Days for which a run can be put back."),
      runDays: whole(1, 36_500)
        .default(365)
        .describe("Days for which it is kept what a run did with each person."),
      removedDays: whole(1, 36_500)
        .optional()
        .describe(
          "Days for which app profiles are kept that left their directory and whose user has no access; default: for ever.",
        ),
      logDays: whole(1, 36_500)
        .default(90)
        .describe("Days for which events of the System Log are kept."),
    })
    .prefault({}),
  directories: z.record(z.string(), directory),
  apps: z.record(z.string(), app).default({}).describe("Where accounts are made."),
  profile: profile.prefault({}),
  hooks: z
    .record(
      z.string(),
      z.strictObject({
        url: z.string().min(1).describe("Where events are sent to: https://HOST/PATH."),
        filter: z
          .string()
          .min(1)
          .optional()
          .describe('Which events, such as eventType sw "system.import"; default: all.'),
        secret: secretText.optional(),
        verify: z
          .boolean()
          .default(true)
          .describe("Whether the address has to repeat a challenge before, as Okta asks it to."),
        plainHttp: z.boolean().default(false).describe("Lets events cross a network without TLS."),
      }),
    )
    .default({})
    .describe("Events of the System Log to elsewhere, in the shape of Okta's event hooks."),
});

export type Config = z.infer<typeof configSchema>;
export type DirectoryConfig = z.infer<typeof directory>;
export type AppConfig = z.infer<typeof app>;
export type AttributeConfig = z.infer<typeof attribute>;

/** The JSON Schema (draft 2020-12) of the file, for editors. */
export function configJsonSchema(): unknown {
  return { title: "Rollcall configuration", ...z.toJSONSchema(configSchema, { io: "input" }) };
}
