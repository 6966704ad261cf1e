/** Answers about an entry that belongs to no user. */
import { sentences } from "../../../lib/sentences.ts";
import { cureOf, type Problem } from "../../../model/errors.ts";
import type { Cause } from "../../../model/explanation.ts";
import type { CutLink } from "../../../model/history.ts";
import type { AppUser, User } from "../../../model/user.ts";
import { problemText, unended } from "../words.ts";

/** A fault of which no user could be made. */
export function refused({ directory, dn, externalId }: AppUser, fault: Problem): Cause {
  const told = `${dn} was imported, but no user could be made of it: ${problemText(fault)}`;
  return {
    code: "cannotBeCreated",
    stage: "validation",
    sentence: sentences(told, cureOf(fault.code)),
    remedy: { kind: "preview", directory, who: externalId },
    field: fault.field,
  };
}

/** A fault that the last import told of, and that the next run would not find any more. */
export function overSince({ directory, dn }: AppUser, { message }: Problem): Cause {
  const sentence = sentences(
    `${dn} of ${directory} was refused by the last import: ${unended(message)}`,
    "Nothing is wrong with it now, but that was not applied yet; a force sync applies it",
  );
  return {
    code: "notApplied",
    stage: "written",
    sentence,
    remedy: { kind: "forceSync", directory },
  };
}

/** An entry that could not be kept at all. */
export function unkept(directory: string, dn: string, fault: Problem): Cause {
  const told = `${dn} was read from ${directory}, but cannot be kept: ${problemText(fault)}`;
  const sentence = sentences(told, cureOf(fault.code));
  const remedy = { kind: "listFailing" } as const;
  return { code: "cannotBeCreated", stage: "appProfile", sentence, remedy, field: fault.field };
}

/** @param told what is so, for a start */
export function uncertain(told: string, cure: string | null, advice: string | null): Cause {
  const sentence = sentences(told, cure, advice);
  return { code: "ambiguous", stage: "link", sentence, remedy: { kind: "listUnmatched" } };
}

export function setAside({ directory, externalId: id }: AppUser, sentence: string): Cause {
  return {
    code: "setAside",
    stage: "link",
    sentence,
    remedy: { kind: "stopIgnoring", directory, id },
  };
}

export function linkWasCut({ login }: User, cut: CutLink): Cause {
  const { by, at, dn, run, directory, externalId: id } = cut;
  const sentence = `${by} cut the link between ${login} and ${dn} of ${directory} at ${at} (run ${run}), so ${directory} gives no values; the entry is set aside.`;
  return {
    code: "setAside",
    stage: "link",
    sentence,
    remedy: { kind: "link", user: login, directory, id },
  };
}

export function nextImportDecides({ directory, dn }: AppUser): Cause {
  const sentence = `${dn} was imported and belongs to nobody yet; the next full import of ${directory} decides about it.`;
  return {
    code: "waitsForImport",
    stage: "link",
    sentence,
    remedy: { kind: "import", directory, how: "full" },
  };
}

/** The matching rules find other users for it than the one who is meant. */
export function matchesOthers({ directory, dn }: AppUser, logins: readonly string[]): Cause {
  const rules = `the matching rules of ${directory} find ${logins.join(" and ")}`;
  const sentence = `${dn} was imported and belongs to nobody yet; ${rules}, and the next full import decides about it.`;
  return { code: "noMatch", stage: "link", sentence, remedy: { kind: "listUnmatched", directory } };
}

function unmatched({ directory, dn }: AppUser): string {
  return `${dn} was imported, but no matching rule of ${directory} finds a user, and the directory may not create one (onNoMatch: ignore)`;
}

/** Nobody fits, and nobody could be made of it. */
export function noMatchInvalid(entry: AppUser): Cause {
  const { directory, externalId: id } = entry;
  const sentence = sentences(
    unmatched(entry),
    "No valid profile comes of it alone",
    "Say whose it is, or set it aside",
  );
  return {
    code: "noMatch",
    stage: "link",
    sentence,
    remedy: { kind: "listUnmatched", directory },
    alternatives: [
      { kind: "confirmSomebody", directory, id },
      { kind: "ignore", directory, id },
    ],
  };
}

/** Who has its login has another entry of the directory. */
export function noMatchTaken(entry: AppUser, login: string, entryDn: string): Cause {
  const { directory, externalId: id } = entry;
  const sentence = sentences(
    unmatched(entry),
    `${login} has the login that the entry would get, but is linked to ${entryDn}`,
    "Cut that link first, or set this entry aside",
  );
  return {
    code: "noMatch",
    stage: "link",
    sentence,
    remedy: { kind: "listUnmatched", directory },
    alternatives: [
      { kind: "unlink", user: login, directory },
      { kind: "ignore", directory, id },
    ],
  };
}

/** @param login of the user who has the login that the entry would get; null: it may be somebody new */
export function noMatch(entry: AppUser, login: string | null): Cause {
  const { directory, externalId: id } = entry;
  const same = login === null ? null : `${login} has the login that the entry would get`;
  return {
    code: "noMatch",
    stage: "link",
    sentence: sentences(unmatched(entry), same),
    remedy: { kind: "confirm", directory, id, user: login },
  };
}

/** No rule finds the user for an entry that would be valid as theirs. */
export function linkByHand(user: User, entry: AppUser, told: string, fault: Problem): Cause {
  const { directory, externalId: id } = entry;
  const isDisabled = entry.status === "disabled";
  const warning = isDisabled
    ? "Its account is disabled there, so the link may take access away"
    : null;
  const why = `${told}, as no matching rule finds this user: ${problemText(fault)}`;
  const link = { kind: "link", user: user.login, directory, id } as const;
  return {
    code: "cannotBeCreated",
    stage: "link",
    sentence: sentences(why, "Link it by hand, if it is the same person", warning),
    remedy: isDisabled ? { ...link, dryRun: true } : link,
    field: fault.field,
  };
}

export function faulty({ directory, externalId }: AppUser, told: string, fault: Problem): Cause {
  const cure = `Cure that in ${directory} or in its mapping; the next full import decides again`;
  return {
    code: "cannotBeCreated",
    stage: "validation",
    sentence: sentences(`${told}: ${problemText(fault)}`, cure),
    remedy: { kind: "preview", directory, who: externalId },
    field: fault.field,
  };
}
