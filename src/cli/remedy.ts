/** What helps, as a command that can be copied. */
import { shellWord } from "../lib/shell.ts";
import type { Remedy } from "../model/remedy.ts";

export function commandOf(remedy: Remedy): string {
  return ["rollcall", ...wordsOf(remedy)].join(" ");
}

type Kind = Remedy["kind"];
type Words<K extends Kind> = (remedy: Extract<Remedy, { readonly kind: K }>) => readonly string[];

const WORDS: { readonly [K in Kind]: Words<K> } = {
  addDirectory: () => ["init"],
  check: () => ["check"],
  sources: () => ["sources"],
  import: ({ directory, how }) => ["import", directory, ...(how === undefined ? [] : HOW[how])],
  forceSync: ({ directory, dryRun }) => ["force-sync", directory, ...flag("--dry-run", dryRun)],
  forceSyncApp: ({ app }) => ["force-sync", app],
  forceSyncUser: ({ user }) => ["force-sync", "--user", shellWord(user)],
  showRun: ({ run, counted }) => ["imports", "show", run, ...flag("--counted", counted)],
  resumeRun: ({ run }) => ["imports", "resume", run],
  explain: ({ who, attribute, live }) => [
    "explain",
    shellWord(who),
    ...given(attribute),
    ...flag("--live", live),
  ],
  preview: ({ directory, who, attribute }) => [
    "preview",
    directory,
    ...option("--user", who),
    ...option("--attribute", attribute),
  ],
  setValue: ({ user, attribute }) => ["users", "set", shellWord(user), `${attribute}=VALUE`],
  unsetValue: ({ user, attribute }) => ["users", "unset", shellWord(user), attribute],
  changeStatus: ({ user, step }) => ["users", step, shellWord(user)],
  link: ({ user, directory, id, dryRun }) => [
    "users",
    "link",
    shellWord(user),
    directory,
    shellWord(id),
    ...flag("--dry-run", dryRun),
  ],
  confirm: ({ directory, id, user }) => [
    "imports",
    "confirm",
    directory,
    shellWord(id),
    ...(user === null ? [] : [shellWord(user)]),
  ],
  confirmSomebody: ({ directory, id }) => ["imports", "confirm", directory, shellWord(id), "LOGIN"],
  unlink: ({ user, directory }) => ["users", "unlink", shellWord(user), directory],
  ignore: ({ directory, id }) => ["imports", "ignore", directory, shellWord(id)],
  stopIgnoring: ({ directory, id }) => ["imports", "ignore", directory, shellWord(id), "--undo"],
  exportUsers: ({ columns }) => ["users", "export", "--columns", columns.join(",")],
  listUnmatched: ({ directory }) => ["imports", "unmatched", ...given(directory)],
  listFailing: ({ directory }) => ["users", "failing", ...option("--directory", directory)],
  push: ({ app, user }) => ["push", app, ...option("--user", user)],
  showPush: ({ push, counted }) => ["pushes", "show", push, ...flag("--counted", counted)],
  showApp: ({ app }) => ["apps", "show", app],
  checkApp: ({ app }) => ["apps", "check", app],
  assign: ({ app, user }) => ["apps", "assign", app, shellWord(user)],
  previewApp: ({ app, user, attribute }) => [
    "apps",
    "preview",
    app,
    ...option("--user", user),
    ...option("--attribute", attribute),
  ],
  listTasks: ({ app }) => ["tasks", app],
  retryTasks: ({ app }) => ["tasks", "retry", "--app", app],
  unknownAccounts: ({ app }) => ["apps", "unknown", app],
  events: ({ target }) => ["logs", "--filter", `'target.id eq "${target}"'`, "--since", "3650d"],
};

const HOW = { full: ["--full"], fullDryRun: ["--full", "--dry-run"] } as const;

function wordsOf<K extends Kind>(remedy: Extract<Remedy, { readonly kind: K }>): readonly string[] {
  return (WORDS[remedy.kind] as Words<K>)(remedy);
}

function flag(name: string, isSet: boolean | undefined): readonly string[] {
  return isSet === true ? [name] : [];
}

function option(name: string, value: string | undefined): readonly string[] {
  return value === undefined ? [] : [name, shellWord(value)];
}

function given(value: string | undefined): readonly string[] {
  return value === undefined ? [] : [value];
}
