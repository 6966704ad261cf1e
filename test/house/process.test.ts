/** The process itself: it ends when it is asked to, whatever it does, and a fault ends it in order. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type * as database from "../../src/store/database.ts";
import { PROGRAM } from "../support/program.ts";
import { SIMPLE_MAPPINGS, simplePerson, Workplace } from "../support/rollcall.ts";

let place: Workplace;

beforeAll(async () => {
  place = await Workplace.create("embedded");
  const people = place.file("p.ldif", simplePerson("ada"));
  place.configure(`directories:\n  corp:\n    type: ldif\n    path: ${people}${SIMPLE_MAPPINGS}`);
});
afterAll(() => place.remove());

interface Daemon {
  readonly child: ChildProcess;
  readonly said: (what: string) => Promise<void>;
  readonly text: () => string;
  readonly end: Promise<number | null>;
}

/** @param planted what the process that works does besides */
function daemon(planted: string): Daemon {
  const code = `if (process.argv[1].endsWith("main.ts")) setTimeout(() => { ${planted} }, 300);`;
  const child = spawn(process.execPath, ["bin/rollcall.js", "--config", place.config, "serve"], {
    env: {
      ...process.env,
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code)}`,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let text = "";
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
  return {
    child,
    text: () => text,
    said: async (what) => {
      const ended = once(child, "exit").then(() => expect(text).toContain(what));
      const more = (): Promise<unknown> => once(child.stderr as NodeJS.EventEmitter, "data");
      while (!text.includes(what)) await Promise.race([more(), ended]);
    },
    end: once(child, "exit").then(([status]) => status as number | null),
  };
}

test("whoever asks twice ends a daemon whose loop stands still", async () => {
  const { child, said, end } = daemon('process._rawDebug("standing"); for (;;);');
  await said("standing");
  child.kill("SIGTERM");
  child.kill("SIGINT");
  child.kill("SIGTERM");
  expect(await end).toBe(137);
});

test("a fault that nobody caught ends the daemon in order, and its status tells", async () => {
  const { said, text, end } = daemon('throw new Error("planted fault");');
  await said("planted fault");
  expect(await end).toBe(1);
  expect(text()).toContain("rollcall stopped");
});

test("asked once, it ends properly", async () => {
  const { child, said, text, end } = daemon("");
  await said("rollcall started");
  child.kill("SIGTERM");
  expect(await end).toBe(0);
  expect(text()).toContain("rollcall stopped");
});

test("a daemon whose parent was killed ends as well, and leaves the database to the next one", async () => {
  const { child, said, text } = daemon("");
  await said("rollcall started");
  child.kill("SIGKILL");
  // Its output is inherited, and closed when the last who has it is gone.
  await once(child.stderr as NodeJS.EventEmitter, "close");
  expect(text()).toContain("rollcall stopped");
  expect((await place.run("users")).status).toBe(0);
});

test("one that may not open its database says so and ends, embedded too", async () => {
  const own = await Workplace.create("embedded");
  const people = own.file("p.ldif", simplePerson("ada"));
  own.configure(`directories:\n  corp:\n    type: ldif\n    path: ${people}${SIMPLE_MAPPINGS}`);
  // Another process is to open it, so it must not be kept open.
  const { openStore } = await vi.importActual<typeof database>("../../src/store/database.ts");
  const store = await openStore({ url: null, directory: join(own.folder, "data") });
  await sql`insert into kysely_migration (name, timestamp) values ('9999-of-tomorrow', '')`.execute(
    store.db,
  );
  await store[Symbol.asyncDispose]();
  const child = spawn(process.execPath, [PROGRAM, "--config", own.config, "import", "corp"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (told += chunk));
  const [status] = (await once(child, "exit")) as [number | null];
  expect({ status, told }).toEqual({
    status: 1,
    told: expect.stringContaining("database.tooNew") as string,
  });
  own.remove();
});
