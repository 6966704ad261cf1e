/** Killed at any request, cut at any answer, pushed by several at once: one account a person, as desired. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { AppPlace } from "../support/app-place.ts";
import { PROGRAM } from "../support/program.ts";
import { seeded } from "../support/people.ts";
import { refusal, type Scripted, type ScimRequest } from "../support/scripted-scim.ts";

let place: AppPlace;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  place = await AppPlace.create("postgres");
});
afterEach(async () => {
  for (const child of children) await stop(child, "SIGKILL");
  await place.remove();
});

function start(...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [PROGRAM, ...args, "--config", place.place.config], {
    stdio: "ignore",
  });
  children.add(child);
  return child;
}

async function stop(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  children.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill(signal);
  await ended;
}

const PEOPLE = Array.from({ length: 40 }, (_, i) => `p${i}`);

/** What the app has of everybody, and how often; by the name, which sorts. */
function accounts(): string[] {
  const users = [...place.scim.users.values()].map(({ userName, active, title, name }) =>
    JSON.stringify({ userName, active, title, name }),
  );
  return users.toSorted((a, b) => a.localeCompare(b));
}

/** As the app should be after the second import: some left, all others have another title. */
function wanted(): string[] {
  const users = PEOPLE.map((name, i) => {
    const left = i % 7 === 0;
    const userName = `${name}@example.org`;
    const title = left ? "Before" : "After";
    const names = { givenName: name, familyName: "Test" };
    return JSON.stringify({ userName, active: !left, title, name: names });
  });
  return users.toSorted((a, b) => a.localeCompare(b));
}

async function importTitles(title: string, gone: boolean): Promise<void> {
  const people = PEOPLE.filter((_, i) => !gone || i % 7 !== 0);
  const titles = Object.fromEntries(people.map((name) => [name, { title }]));
  await place.import({ people, ...titles });
}

test(
  "kill -9 at seeded requests, before and after they had their effect",
  { timeout: 300_000 },
  async () => {
    const random = seeded(16);
    place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    safeguard: off
    assign: [everyone]`);
    let kills = 0;
    for (const title of ["Before", "After"]) {
      await importTitles(title, title === "After");
      for (let round = 0; round < 5; round++) {
        let left = Math.floor(random() * 60) + 1;
        const cut = random() < 0.5 ? "before" : "after";
        const child = start("push", "dx");
        place.scim.hook = (): Scripted | undefined => {
          if (--left > 0) return undefined;
          if (left === 0) child.kill("SIGKILL");
          return { cut };
        };
        await once(child, "exit");
        if (child.signalCode === "SIGKILL") kills++;
      }
      place.scim.hook = () => undefined;
      expect((await place.push()).status).toBe("done");
    }
    expect(kills).toBeGreaterThan(5);
    expect(accounts()).toEqual(wanted());
    place.scim.forget();
    await place.push();
    expect(place.scim.requests).toEqual([]);
  },
);

test(
  "answers that are lost, late, wrong or refused at random, until nothing is owed",
  { timeout: 300_000 },
  async () => {
    const random = seeded(7);
    place.configure(`
    provisioning: { create: true, update: true, deactivate: true }
    safeguard: off
    timeout: 1
    assign: [everyone]`);
    const faults: readonly Scripted[] = [
      { cut: "before" },
      { cut: "after" },
      { status: 502, body: "<html>Bad Gateway</html>" },
      { status: 429, headers: { "retry-after": "0" } },
      refusal(409, "changed concurrently"),
      refusal(503, "busy"),
      { status: 200, body: {} },
    ];
    const disturb = (): Scripted | undefined =>
      random() < 0.12 ? faults[Math.floor(random() * faults.length)] : undefined;
    for (const title of ["Before", "After"]) {
      await importTitles(title, title === "After");
      place.scim.hook = disturb;
      for (let round = 0; round < 4; round++) await place.run("tasks", "retry", "--app", "dx");
      place.scim.hook = () => undefined;
      await place.run("tasks", "retry", "--app", "dx");
    }
    expect(accounts()).toEqual(wanted());
    expect(await place.json("tasks")).toEqual([]);
  },
);

test("two daemons push what changes within seconds, each account by one request at a time", async () => {
  await place.start({ people: PEOPLE });
  const onTheirWay = new Map<string, number>();
  let most = 0;
  place.scim.hook = ({ method, path, body }: ScimRequest) => {
    if (method === "GET") return undefined;
    const key = method === "POST" ? String(body["userName"]) : path;
    const now = (onTheirWay.get(key) ?? 0) + 1;
    most = Math.max(most, now);
    onTheirWay.set(key, now);
    setTimeout(() => onTheirWay.set(key, (onTheirWay.get(key) ?? 1) - 1), 5);
    return undefined;
  };
  const daemons = [start("serve"), start("serve")];
  const until = async (fits: () => boolean): Promise<void> => {
    for (let i = 0; i < 400 && !fits(); i++) await sleep(100);
    expect(fits()).toBe(true);
  };
  await until(() => place.scim.users.size === PEOPLE.length);
  await place.import({ people: PEOPLE.slice(1), p5: { title: "Countess" } });
  await until(() => place.scim.userNamed("p5@example.org")?.["title"] === "Countess");
  await until(() => place.scim.userNamed("p0@example.org")?.["active"] === false);
  await place.run("apps", "unassign", "dx", "p1@example.org");
  for (const daemon of daemons) await stop(daemon);
  expect(daemons.map((one) => one.exitCode)).toEqual([0, 0]);
  expect(most).toBe(1);
  const posts = place.scim.writes.filter(({ method }) => method === "POST");
  expect(posts.length).toBe(PEOPLE.length);
  // Nothing is told of pushes that found nothing.
  const pushes = await place.json<{ counts: Record<string, number> }[]>(
    "pushes",
    "--limit",
    "1000",
  );
  expect(pushes.length).toBeLessThan(10);
});

test("Ctrl-C ends a push at the next safe point, and the next one goes on", async () => {
  await place.start({ people: PEOPLE });
  const stopping = new AbortController();
  place.scim.hook = () => {
    if (place.scim.users.size === 10) stopping.abort();
    return undefined;
  };
  const { status, out } = await place.place.runWith(stopping.signal, "push", "dx");
  expect(status).toBe(1);
  expect(out).toContain("push.interrupted");
  expect(place.scim.users.size).toBeLessThan(PEOPLE.length);
  place.scim.hook = () => undefined;
  await place.push();
  expect(place.scim.users.size).toBe(PEOPLE.length);
});

test("a second push at the same time says who pushes, and sends nothing", async () => {
  await place.start({ people: ["ada", "bob"] });
  let second: Promise<{ status: number; err: string }> | null = null;
  place.scim.hook = () => {
    if (second !== null) return undefined;
    second = place.run("push", "dx");
    // Keeps the first one busy meanwhile.
    return { status: 429, headers: { "retry-after": "2" } };
  };
  await place.push();
  const { status, err } = await (second ?? Promise.reject(new Error("no second push")));
  expect(status).toBe(1);
  expect(err).toContain("run.busy");
  expect(place.scim.users.size).toBe(2);
});

test("whatever had its effect without an answer does not outlive the next change", async () => {
  await place.start({ people: ["ada"], ada: { title: "Before" } });
  await place.push();
  const lost = ({ method }: ScimRequest): Scripted | undefined =>
    method === "PUT" ? { cut: "after" } : undefined;
  // A value that was sent, and is what it was again.
  await place.import({ people: ["ada"], ada: { title: "After" } });
  place.scim.hook = lost;
  await place.push();
  await place.import({ people: ["ada"], ada: { title: "Before" } });
  place.scim.hook = () => undefined;
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ title: "Before" });
  // A switching off, of somebody who is back.
  await place.run("users", "suspend", "ada@example.org");
  place.scim.hook = lost;
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: false });
  await place.run("users", "unsuspend", "ada@example.org");
  place.scim.hook = () => undefined;
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: true });
  // A switching on, of somebody who is gone again.
  await place.run("users", "suspend", "ada@example.org");
  await place.push();
  await place.run("users", "unsuspend", "ada@example.org");
  place.scim.hook = lost;
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: true });
  await place.run("users", "suspend", "ada@example.org");
  place.scim.hook = () => undefined;
  await place.push();
  expect(place.scim.userNamed("ada@example.org")).toMatchObject({ active: false });
});
