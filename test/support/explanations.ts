/** What is known about Ada, for tests of explanations: linked to corp, and everything is as it should be. */
import type { DirectoryState } from "../../src/model/directory-state.ts";
import type { DirectorySource } from "../../src/model/directory.ts";
import type { AppProfile } from "../../src/model/entry.ts";
import type { UserChange } from "../../src/model/history.ts";
import { NO_COUNTS, type Run } from "../../src/model/run.ts";
import type { LinkedAppUser, UserFacts } from "../../src/reconciler/explain/facts.ts";
import type { Rules } from "../../src/reconciler/rules.ts";
import { NO_RELATIONS } from "../../src/reconciler/scope.ts";
import { resolveProfile } from "../../src/reconciler/source-priority.ts";
import { linksOf } from "../../src/reconciler/writes.ts";
import { appUser, user } from "./decisions.ts";

export const AT = new Date("2026-03-01T08:00:00Z");

export function linked(
  directory: string,
  profile: AppProfile,
  more: Partial<LinkedAppUser> = {},
): LinkedAppUser {
  return {
    ...appUser(directory, profile),
    importedAt: AT,
    failingSince: null,
    link: null,
    ...more,
  };
}

export function change(more: Partial<UserChange> = {}): UserChange {
  return {
    run: "r1",
    at: AT.toISOString(),
    kind: "edit",
    directory: null,
    by: "admin",
    action: "updated",
    reason: null,
    changes: [],
    error: null,
    ...more,
  };
}

export function run(more: Partial<Run> = {}): Run {
  return {
    id: "r1",
    kind: "import",
    directory: "corp",
    type: "full",
    trigger: "manual",
    actor: { id: "a", type: "User", alternateId: "a", displayName: "admin" },
    dryRun: false,
    status: "done",
    state: "done",
    counts: NO_COUNTS,
    phases: [],
    held: null,
    error: null,
    decidedBy: null,
    server: null,
    way: null,
    converted: null,
    groups: null,
    comparedAt: null,
    evidence: null,
    replaces: null,
    reverts: null,
    startedAt: AT.toISOString(),
    finishedAt: AT.toISOString(),
    ...more,
  };
}

/** Imported whole, and nothing is wrong. */
export function state(more: Partial<DirectoryState> = {}): DirectoryState {
  const checkpoint = {
    runId: "r1",
    fingerprint: "",
    entries: 1,
    fullAt: AT,
    readAt: AT,
    scope: "",
    mark: null,
    search: null,
    fullReason: null,
  };
  return { checkpoint, last: run(), held: null, interrupted: null, ...more };
}

export function server(name: string, attributes: readonly string[] = ["*"]): DirectorySource {
  const users = { bases: ["dc=x"], scope: "sub", filter: "(cn=*)", id: null, attributes } as const;
  return {
    name,
    type: "ldap",
    users: { ...users, disabled: [] },
    groups: null,
    incremental: { way: "auto", overlapSeconds: 0, compareMinutes: 0 },
    ldap: {
      urls: ["ldap://127.0.0.1"],
      startTls: false,
      tls: { ca: null, rejectUnauthorized: true, client: null, minVersion: "TLSv1.2" },
      bind: null,
      pageSize: 100,
      timeoutSeconds: 1,
      entriesPerSecond: null,
    },
  };
}

/**
 * What is known where these app users are all that there is: the user has what their mappings give,
 * unless something else is said.
 */
export function factsOf(
  rules: Rules,
  appUsers: readonly LinkedAppUser[],
  more: Partial<UserFacts> = {},
): UserFacts {
  const links = linksOf(
    appUsers.filter((one) => one.status !== "removed"),
    null,
    {},
  );
  const nobody = user({ profile: {}, sources: {} });
  const input = { links, creator: null, relations: NO_RELATIONS };
  const given = resolveProfile(rules, { ...input, before: more.user ?? nobody });
  const { profile, sources } = given;
  const known = more.user ?? user({ profile, sources });
  return {
    rules,
    sources: new Map([...rules.directories.keys()].map((name) => [name, server(name)])),
    user: known,
    createdAt: AT,
    appUsers,
    former: [],
    links,
    relations: NO_RELATIONS,
    resolved: given,
    conflicts: [],
    states: new Map([...rules.directories.keys()].map((name) => [name, state()])),
    live: new Map(),
    notLinked: new Map(),
    lastChanges: new Map(),
    removals: new Map(),
    cut: null,
    attributes: new Map(),
    ...more,
  };
}
