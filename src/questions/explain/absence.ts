import type { Absence } from "../../model/run.ts";

/** Where an entry is that the search of a directory does not find, in words. */
export const ABSENCE_TEXTS: Readonly<Record<Absence, string>> = {
  gone: "the directory shows no such entry to the account any more",
  outOfFilter: "the entry is there, but users.filter or users.scope does not find it",
  moved: "the entry is there, but outside users.base",
  unexamined: "the search does not find the entry",
  disconnected: "the directory is not configured any more",
};
