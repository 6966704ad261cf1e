/** What to do about an error, with the command that helps where one does. */
import { cureOf, type ErrorCode } from "../model/errors.ts";

/** By code, the sentence that this face adds to the catalogue's. */
const COMMANDS: Partial<Record<ErrorCode, string>> = {
  "config.notFound": "`rollcall init ldaps://…` or `rollcall init people.csv` writes one.",
  "config.invalid": "`rollcall check` tries it.",
  "entry.unnumbered": "The command is `rollcall users deactivate LOGIN`.",
  "entry.contended":
    "The commands are `rollcall imports confirm DIRECTORY ID LOGIN` and `rollcall users deactivate LOGIN`.",
  "entry.idRespelled":
    "The commands are `rollcall users link LOGIN DIRECTORY ID` and `rollcall users deactivate LOGIN`.",
  "mappings.unreadable": "`rollcall mappings import --help` shows the form.",
  "ldap.unreachable": "`rollcall check` tries every server of the list.",
  "ldap.baseUnreadable": "`rollcall check` tries it.",
  "run.busy": "`rollcall imports` and `rollcall pushes` show it.",
  "run.handedBack": "The command is `rollcall imports resume RUN`.",
  "run.notFound": "`rollcall imports` and `rollcall pushes` list them.",
  "run.unverified": "`rollcall check` tries them.",
  "run.notFinished": "`rollcall imports` lists the runs, `rollcall imports cancel RUN` drops one.",
  "run.alreadyReverted": "`rollcall imports show RUN` shows it.",
  "run.notInterrupted": "`rollcall imports` lists the runs.",
  "run.notHeld": "`rollcall imports show RUN` and `rollcall pushes show RUN` show it.",
  "app.credentials": "The command is `rollcall tasks retry --app APP`.",
  "app.paused": "`rollcall tasks` shows why; `rollcall tasks retry --app APP` goes on.",
  "push.reverted": "The command is `rollcall tasks retry --app APP`.",
  "push.held":
    "The commands are `rollcall pushes show RUN --counted`, `rollcall pushes approve RUN` and `rollcall pushes cancel RUN`.",
  "signIn.used": "The command is `rollcall admin sign-in`.",
  "signIn.expired": "The command is `rollcall admin sign-in`.",
  "signIn.unknown": "The command is `rollcall admin sign-in`.",
  "session.notFound": "`rollcall admin sessions` lists them.",
  "task.notFound": "`rollcall tasks` lists them.",
  "safeguard.held":
    "The commands are `rollcall imports show RUN --counted`, `rollcall imports approve RUN` and `rollcall imports cancel RUN`.",
  "match.unconfirmed":
    "The commands are `rollcall imports confirm DIRECTORY ID LOGIN` (without LOGIN: somebody new, who needs another login) and `rollcall imports ignore DIRECTORY ID`.",
  "link.entryNotFound": "`rollcall imports unmatched` lists entries without a user.",
  "link.taken": "The command is `rollcall users unlink LOGIN DIRECTORY`.",
  "link.none": "`rollcall users show LOGIN` lists them.",
  "user.wrongStatus":
    "`rollcall users show LOGIN` tells it; `rollcall users --help` lists the steps.",
  "user.notFound": "`rollcall users` lists them.",
  "platform.cvd.profile.expression.uncategorized.error":
    "`rollcall preview DIRECTORY --user WHO` shows them.",
};

/** @param code a stored one may be of a newer Rollcall, and not in the catalogue */
export function cureInCommands(code: string): string {
  const command = Object.hasOwn(COMMANDS, code) ? COMMANDS[code as ErrorCode] : undefined;
  return command === undefined ? cureOf(code) : `${cureOf(code)} ${command}`;
}
