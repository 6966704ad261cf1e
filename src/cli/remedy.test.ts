import { expect, test } from "vitest";
import type { Remedy } from "../model/remedy.ts";
import { commandOf } from "./remedy.ts";

/** By kind, so that a new one without a command does not compile. */
const COMMANDS: {
  readonly [K in Remedy["kind"]]: readonly [Extract<Remedy, { kind: K }>, string];
} = {
  addDirectory: [{ kind: "addDirectory" }, "init"],
  check: [{ kind: "check" }, "check"],
  sources: [{ kind: "sources" }, "sources"],
  import: [
    { kind: "import", directory: "corp", how: "fullDryRun" },
    "import corp --full --dry-run",
  ],
  forceSync: [{ kind: "forceSync", directory: "corp" }, "force-sync corp"],
  forceSyncApp: [{ kind: "forceSyncApp", app: "dx" }, "force-sync dx"],
  forceSyncUser: [{ kind: "forceSyncUser", user: "o'neil" }, `force-sync --user 'o'\\''neil'`],
  showRun: [{ kind: "showRun", run: "r1", counted: true }, "imports show r1 --counted"],
  resumeRun: [{ kind: "resumeRun", run: "r1" }, "imports resume r1"],
  explain: [
    { kind: "explain", who: "a b", attribute: "title", live: true },
    "explain 'a b' title --live",
  ],
  preview: [{ kind: "preview", directory: "corp", who: "ada" }, "preview corp --user ada"],
  setValue: [{ kind: "setValue", user: "ada", attribute: "title" }, "users set ada title=VALUE"],
  unsetValue: [{ kind: "unsetValue", user: "ada", attribute: "title" }, "users unset ada title"],
  changeStatus: [{ kind: "changeStatus", user: "ada", step: "unsuspend" }, "users unsuspend ada"],
  link: [
    { kind: "link", user: "ada", directory: "corp", id: "i d", dryRun: true },
    "users link ada corp 'i d' --dry-run",
  ],
  confirm: [{ kind: "confirm", directory: "corp", id: "1", user: null }, "imports confirm corp 1"],
  confirmSomebody: [
    { kind: "confirmSomebody", directory: "corp", id: "1" },
    "imports confirm corp 1 LOGIN",
  ],
  unlink: [{ kind: "unlink", user: "ada", directory: "corp" }, "users unlink ada corp"],
  ignore: [{ kind: "ignore", directory: "corp", id: "1" }, "imports ignore corp 1"],
  stopIgnoring: [
    { kind: "stopIgnoring", directory: "corp", id: "1" },
    "imports ignore corp 1 --undo",
  ],
  exportUsers: [
    { kind: "exportUsers", columns: ["login", "title"] },
    "users export --columns login,title",
  ],
  listUnmatched: [{ kind: "listUnmatched" }, "imports unmatched"],
  listFailing: [{ kind: "listFailing", directory: "corp" }, "users failing --directory corp"],
  push: [{ kind: "push", app: "dx", user: "ada@x.org" }, "push dx --user ada@x.org"],
  showPush: [{ kind: "showPush", push: "1234", counted: true }, "pushes show 1234 --counted"],
  showApp: [{ kind: "showApp", app: "dx" }, "apps show dx"],
  checkApp: [{ kind: "checkApp", app: "dx" }, "apps check dx"],
  assign: [{ kind: "assign", app: "dx", user: "ada b" }, "apps assign dx 'ada b'"],
  previewApp: [
    { kind: "previewApp", app: "dx", user: "ada@x.org", attribute: "title" },
    "apps preview dx --user ada@x.org --attribute title",
  ],
  listTasks: [{ kind: "listTasks", app: "dx" }, "tasks dx"],
  retryTasks: [{ kind: "retryTasks", app: "dx" }, "tasks retry --app dx"],
  unknownAccounts: [{ kind: "unknownAccounts", app: "dx" }, "apps unknown dx"],
  events: [{ kind: "events", target: "u" }, `logs --filter 'target.id eq "u"' --since 3650d`],
};

test.each(Object.values(COMMANDS))("%j is a command that can be copied", (remedy, command) => {
  expect(commandOf(remedy)).toBe(`rollcall ${command}`);
});
