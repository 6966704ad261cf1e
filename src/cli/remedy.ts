/** What helps, as a command that can be copied. */
import { shellWord } from "../lib/shell.ts";
import type { Remedy } from "../model/remedy.ts";

export function commandOf(remedy: Remedy): string {
  return ["rollcall", ...wordsOf(remedy)].join(" ");
}

function wordsOf(remedy: Remedy): readonly string[] {
  switch (remedy.kind) {
    case "check":
    case "sources":
      return [remedy.kind];
    case "import": {
      const how = { full: ["--full"], fullDryRun: ["--full", "--dry-run"] } as const;
      return ["import", remedy.directory, ...(remedy.how === undefined ? [] : how[remedy.how])];
    }
    case "forceSync":
      return ["force-sync", remedy.directory, ...flag("--dry-run", remedy.dryRun)];
    case "forceSyncUser":
      return ["force-sync", "--user", shellWord(remedy.user)];
    case "showRun":
      return ["imports", "show", remedy.run, ...flag("--counted", remedy.counted)];
    case "resumeRun":
      return ["imports", "resume", remedy.run];
    case "explain":
      return [
        "explain",
        shellWord(remedy.who),
        ...given(remedy.attribute),
        ...flag("--live", remedy.live),
      ];
    case "preview":
      return [
        "preview",
        remedy.directory,
        ...option("--user", remedy.who),
        ...option("--attribute", remedy.attribute),
      ];
    case "setValue":
      return ["users", "set", shellWord(remedy.user), `${remedy.attribute}=VALUE`];
    case "unsetValue":
      return ["users", "unset", shellWord(remedy.user), remedy.attribute];
    case "changeStatus":
      return ["users", remedy.step, shellWord(remedy.user)];
    case "link":
      return [
        "users",
        "link",
        shellWord(remedy.user),
        remedy.directory,
        shellWord(remedy.id),
        ...flag("--dry-run", remedy.dryRun),
      ];
    case "confirm": {
      const user = remedy.user === null ? [] : [shellWord(remedy.user)];
      return ["imports", "confirm", remedy.directory, shellWord(remedy.id), ...user];
    }
    case "stopIgnoring":
      return ["imports", "ignore", remedy.directory, shellWord(remedy.id), "--undo"];
    case "exportUsers":
      return ["users", "export", "--columns", remedy.columns.join(",")];
    case "listUnmatched":
      return ["imports", "unmatched", ...given(remedy.directory)];
    case "listFailing":
      return ["users", "failing", ...option("--directory", remedy.directory)];
    case "events":
      return ["logs", "--filter", `'target.id eq "${remedy.target}"'`, "--since", "3650d"];
  }
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
