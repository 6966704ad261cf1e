/** What happens to the database and to the process. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { startPostgres, type Postgres } from "../../support/postgres.ts";
import { freePort } from "../../support/process.ts";
import type { Workplace } from "../../support/rollcall.ts";
import {
  behindProxy,
  importApart,
  importHere,
  outcomeOf,
  type Fault,
  type Outcome,
} from "./fault.ts";
import type { World } from "./world.ts";

const portOf = (postgres: Postgres): number => Number(new URL(postgres.url).port);
let sent = 0;

/** How many bytes an undisturbed import sends to Postgres. */
async function measure(world: World): Promise<number> {
  const place = world.place();
  const fault = { after: Number.POSITIVE_INFINITY, counting: "sent", then: "pass" } as const;
  const bytes = await behindProxy(portOf(world.postgres), fault, async (port, passed) => {
    world.configure(place, {}, port);
    await place.run("import", "corp", "--full");
    return passed();
  });
  world.drop(place);
  return bytes;
}

/**
 * Half of the points fall behind the plan's way to the database, where few bytes are sent because
 * the work is done inside it.
 */
function pointOf(at: number): number {
  return at < 0.5 ? at * 2 * 0.97 : 0.97 + (at - 0.5) * 2 * 0.03;
}

/** Faults at a point of what is sent to Postgres, from 0 to 1. */
export function breakdowns(at: number): Fault[] {
  const limit = async (world: World): Promise<number> => {
    sent ||= await measure(world);
    return Math.ceil(sent * pointOf(at));
  };
  return [
    {
      name: "process killed (kill -9)",
      expected: null,
      run: async (world, place) => {
        const child: { kill?: (signal: NodeJS.Signals) => void } = {};
        const fault = {
          after: await limit(world),
          counting: "sent",
          then: "pass",
          onLimit: () => child.kill?.("SIGKILL"),
        } as const;
        return await behindProxy(portOf(world.postgres), fault, async (port) => {
          world.configure(place, {}, port);
          const started = importApart(place);
          child.kill = started.kill;
          await started.ended;
          return await outcomeOf(place, "killed");
        });
      },
    },
    {
      name: "network to the database lost",
      expected: null,
      run: async (world, place) => {
        const fault = { after: await limit(world), counting: "sent", then: "cut" } as const;
        return await behindProxy(portOf(world.postgres), fault, async (port) => {
          world.configure(place, {}, port);
          return await importHere(place);
        });
      },
    },
    {
      name: "Postgres killed (kill -9)",
      expected: null,
      run: async (world, place) => {
        const killing: Promise<void>[] = [];
        const fault = {
          after: await limit(world),
          counting: "sent",
          then: "pass",
          onLimit: () => killing.push(world.postgres.kill()),
        } as const;
        await behindProxy(portOf(world.postgres), fault, async (port) => {
          world.configure(place, {}, port);
          await place.run("import", "corp", "--full");
        });
        await Promise.all(killing);
        if (killing.length > 0) await world.postgres.start();
        return await outcomeOf(place, "stopped");
      },
    },
  ];
}

export const DATABASE_FAULTS: readonly Fault[] = [
  {
    name: "database away",
    expected: { ended: "failed", code: "database.unreachable" },
    run: async (world, place) => {
      world.configure(place, {}, await freePort());
      return await importHere(place);
    },
  },
  {
    name: "deadlock with another session",
    expected: { ended: "done" },
    run: async (world, place) => {
      world.configure(place, {});
      return await withRival(place, async (rival, importing) => {
        await rival.query("set deadlock_timeout = '60s'");
        await rival.query("begin");
        // The last of those whom the import changes for certain; it locks them in this order.
        await rival.query(
          "select 1 from users where login ~ '^p[0-9]*[46789]@' order by id desc limit 1 for update",
        );
        const outcome = importing();
        await waits(rival);
        // The import holds the others and waits for the last one: now each waits for the other.
        await rival.query("select 1 from users order by id for update");
        await rival.query("commit");
        return await refused(world, outcome, /deadlock detected/);
      });
    },
  },
  {
    name: "serialisation failure",
    expected: { ended: "done" },
    run: async (world, place) => {
      world.configure(place, {});
      const name = new URL(place.databaseUrl ?? "").pathname.slice(1);
      return await withRival(place, async (rival, importing) => {
        await rival.query(
          `alter database ${name} set default_transaction_isolation = 'repeatable read'`,
        );
        await rival.query("begin isolation level read committed");
        await rival.query("update users set updated_at = now()");
        const outcome = importing();
        await waits(rival);
        await rival.query("commit");
        return await refused(world, outcome, /could not serialize access/);
      });
    },
  },
];

async function withRival(
  place: Workplace,
  work: (rival: Client, importing: () => Promise<Outcome>) => Promise<Outcome>,
): Promise<Outcome> {
  const rival = new Client({ connectionString: place.databaseUrl ?? "" });
  await rival.connect();
  try {
    return await work(rival, () => importHere(place));
  } finally {
    await rival.end();
  }
}

/** The outcome, if the server really refused something meanwhile. */
async function refused(world: World, outcome: Promise<Outcome>, how: RegExp): Promise<Outcome> {
  const result = await outcome;
  if (how.test(world.postgres.log())) return result;
  throw new Error(`the server never said ${String(how)}`);
}

/** Until somebody waits for a lock that this session holds. */
async function waits(rival: Client): Promise<void> {
  for (let i = 0; i < 600; i++) {
    const { rows } = await rival.query("select 1 from pg_locks where not granted");
    if (rows.length > 0) return;
    await sleep(50);
  }
  throw new Error("nobody waited for the lock");
}

/** A Postgres on a small disk of its own; null where none can be mounted. */
export class SmallDisk implements AsyncDisposable {
  readonly postgres: Postgres;
  readonly #folder: string;

  private constructor(folder: string, postgres: Postgres) {
    this.#folder = folder;
    this.postgres = postgres;
  }

  static async create(world: World): Promise<SmallDisk | null> {
    const folder = mkdtempSync(join(tmpdir(), "rollcall-small-disk-"));
    chmodSync(folder, 0o755);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=400m", "tmpfs", folder]);
    if (mounted.status !== 0) {
      rmSync(folder, { recursive: true });
      return null;
    }
    const postgres = await startPostgres({ folder });
    const disk = new SmallDisk(folder, postgres);
    await world.prepare(postgres);
    return disk;
  }

  /** The disk is full when an import has written so many bytes. */
  fault(free: number): Fault {
    return {
      name: "disk full",
      expected: null,
      run: async (world, place) => {
        world.configure(place, {});
        const { bavail, bsize } = statfsSync(this.#folder);
        const filler = join(this.#folder, "filler");
        writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - free)));
        const outcome = await importHere(place).catch(() => null);
        rmSync(filler);
        await this.#healthy();
        return outcome ?? (await outcomeOf(place, "failed"));
      },
    };
  }

  /** A full disk for the log ends the server itself; its supervisor starts it again. */
  async #healthy(): Promise<void> {
    try {
      this.postgres.psql("postgres", "select 1");
    } catch {
      await this.postgres.kill();
      await this.postgres.start();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.postgres.kill();
    spawnSync("umount", ["-l", this.#folder]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
