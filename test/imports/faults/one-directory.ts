import { beforeEach, afterEach } from "vitest";
import { simplePerson, SIMPLE_MAPPINGS, Workplace } from "../../support/rollcall.ts";
import { behindProxy } from "./fault.ts";

export const PEOPLE = 3000;

/** A place with one directory of many people, for processes that get into each other's way. */
export class OneDirectory {
  #place: Workplace | null = null;

  constructor() {
    beforeEach(async () => {
      this.#place = await Workplace.create("postgres");
    });
    afterEach(() => this.place.remove());
  }

  get place(): Workplace {
    if (this.#place === null) throw new Error("no test is running");
    return this.#place;
  }

  get port(): number {
    return Number(new URL(this.place.databaseUrl ?? "").port);
  }

  /** Gives everybody a title; further lines of the directory come behind. */
  configure(title: string, more = ""): void {
    const people = Array.from({ length: PEOPLE }, (_, i) => simplePerson(`p${i}`, { title }));
    this.place.configure(`
directories:
  corp:
    type: ldif
    path: ${this.place.file("people.ldif", people.join(""))}
    importSafeguard: off
    ${more}
${SIMPLE_MAPPINGS}`);
  }

  /** How many bytes a dry run sends to the database. */
  async measure(): Promise<number> {
    const fault = { after: Number.POSITIVE_INFINITY, counting: "sent", then: "pass" } as const;
    return await behindProxy(this.port, fault, async (port, passed) => {
      this.place.usePort(port);
      await this.place.run("import", "corp", "--dry-run");
      return passed();
    });
  }
}
