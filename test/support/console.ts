/** A daemon with a bit of everything, and the pages of its console. */
import { expect } from "vitest";
import { serveApi, type ServedApi } from "./api.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "./rollcall.ts";

export interface ServedConsole extends AsyncDisposable {
  readonly place: Workplace;
  readonly api: ServedApi;
}

/** Three people of one directory, one of another whom nobody knows, and an app that does not answer. */
export async function serveConsole(): Promise<ServedConsole> {
  const place = await Workplace.create("postgres");
  const people = ["ada", "bob", "cyd"].map((uid) => simplePerson(uid, { sn: "Berg" }));
  const loose = place.file("g.ldif", simplePerson("stranger"));
  place.configure(
    `directories:\n  corp:\n    type: ldif\n    path: ${place.file("p.ldif", people.join(""))}${SIMPLE_MAPPINGS}` +
      `  guests:\n    type: ldif\n    path: ${loose}\n    onNoMatch: ignore\n    toOkta: {}\n` +
      `apps:\n  dx: { type: scim, url: "http://127.0.0.1:9", assign: [everyone] }\n`,
  );
  for (const name of ["corp", "guests"])
    expect(await place.run("import", name)).toMatchObject({ status: 0 });
  const api = await serveApi(place, "configuration: writable");
  return {
    place,
    api,
    [Symbol.asyncDispose]: async () => {
      await api.stop();
      place.remove();
    },
  };
}

/** Below `/console/`; of the runs, those that there are when somebody looks. */
export const PAGES = [
  "",
  "directories",
  "directories/corp",
  "directories/corp/mappings",
  "new-directory",
  "apps",
  "apps/dx",
  "people",
  "people/ada@example.org",
  "runs",
  "results",
  "tasks",
  "profile",
  "logs",
  "settings",
  "nowhere",
] as const;
