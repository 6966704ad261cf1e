/** Entries that are not as they should be: every one is kept, or rejected with a code. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  DATABASES,
  simplePerson,
  SIMPLE_MAPPINGS,
  UPDATE_FAILED,
  Workplace,
  type RunDocument,
} from "./support/rollcall.ts";

describe.each(DATABASES)("odd entries, %s", (kind) => {
  let place: Workplace;

  beforeEach(async () => {
    place = await Workplace.create(kind);
  });
  afterEach(() => place.remove());

  function setup(people: string): void {
    place.file("people.ldif", people);
    place.configure(`
directories:
  corp:
    type: ldif
    path: ${place.folder}/people.ldif
${SIMPLE_MAPPINGS}`);
  }

  test("NUL, invalid UTF-8, big and many values are kept; a mapping that needs one fails for that person", async () => {
    const nul = Buffer.from("a\0b").toString("base64");
    const latin1 = Buffer.from([0x4d, 0xfc]).toString("base64");
    const big = "x".repeat(10 * 1024 * 1024);
    const values = Array.from({ length: 5000 }, (_, i) => `value ${i}`);
    setup(
      `${simplePerson("ada").trimEnd()}\ndescription:: ${nul}\nl:: ${latin1}\njpegPhoto:: ${latin1}\n\n` +
        `${simplePerson("bad").trimEnd()}\ntitle:: ${latin1}\n\n` +
        simplePerson("big", { description: big }) +
        simplePerson("many", { description: values }),
    );
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ created: 3, failed: 1 });
    const profileOf = async (login: string): Promise<Record<string, unknown> | undefined> =>
      (
        await place.json<{ appUsers: { profile: Record<string, unknown> }[] }>(
          "users",
          "show",
          login,
        )
      ).appUsers[0]?.profile;
    expect(await profileOf("ada@example.org")).toMatchObject({
      description: { base64: nul },
      l: { base64: latin1 },
      jpegPhoto: latin1,
    });
    expect((await profileOf("many@example.org"))?.["description"]).toEqual(values);
    expect((await profileOf("big@example.org"))?.["description"]).toHaveLength(big.length);
    const [failed] = await place.events(UPDATE_FAILED);
    expect(failed?.debugContext.debugData).toMatchObject({ ErrorField: "title" });
  });

  test("entries without an identifier fail, and nobody is removed for them", async () => {
    setup(simplePerson("ada") + simplePerson("bob"));
    await place.run("import", "corp");
    setup(simplePerson("ada").replace(/entryUUID.*\n/, "") + simplePerson("bob"));
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ read: 2, failed: 1, removed: 0, unchanged: 1 });
    expect((await place.users()).get("ada@example.org")?.status).toBe("active");
  });

  test("two entries with one identifier: the first is kept, the second reported", async () => {
    setup(simplePerson("ada") + simplePerson("ada", { mail: "other@example.org" }));
    const run = await place.json<RunDocument>("import", "corp");
    expect(run.counts).toMatchObject({ read: 2, created: 1, failed: 1 });
    const [event] = await place.events(UPDATE_FAILED);
    expect(event?.debugContext.debugData).toMatchObject({ ErrorCode: "entry.duplicateId" });
  });
});
