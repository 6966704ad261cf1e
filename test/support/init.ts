/** `init` as somebody runs it who has nothing yet, and then the commands that it names. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { Workplace, type Result, type RunDocument } from "./rollcall.ts";

export interface ProposalDocument {
  readonly type: string;
  readonly base: string | null;
  readonly filter: string | null;
  readonly id: string | null;
  readonly people: number;
  readonly groups: unknown;
  readonly mappings: readonly { readonly attribute: string; readonly expression: string }[];
  readonly missing: readonly string[];
  readonly remarks: readonly string[];
}

export class Beginner {
  readonly place: Workplace;
  readonly config: string;

  private constructor(place: Workplace) {
    this.place = place;
    this.config = join(place.folder, "config", "rollcall.yaml");
  }

  static async create(): Promise<Beginner> {
    const place = await Workplace.create("postgres");
    // What a configuration without an address of its own takes.
    place.environment["DATABASE_URL"] = place.databaseUrl ?? "";
    return new Beginner(place);
  }

  async run(...args: string[]): Promise<Result> {
    return await this.place.run(...args, "--config", this.config);
  }

  async init(...args: string[]): Promise<ProposalDocument> {
    const { status, out, err } = await this.run("init", ...args, "--yes", "--json");
    expect(err).toContain("Written to");
    expect(status).toBe(0);
    return JSON.parse(out) as ProposalDocument;
  }

  text(): string {
    return readFileSync(this.config, "utf8");
  }

  /** Checks what was written, and imports by it. */
  async imports(name: string): Promise<RunDocument> {
    const checked = await this.run("check");
    expect(checked.out).not.toContain("failed");
    expect(checked.status).toBe(0);
    const { out } = await this.run("import", name, "--json");
    return JSON.parse(out) as RunDocument;
  }
}

/** The expression of an attribute. */
export function mapped({ mappings }: ProposalDocument, attribute: string): string | undefined {
  return mappings.find((one) => one.attribute === attribute)?.expression;
}
