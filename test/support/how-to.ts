/** Pages of `docs/how-to`, done as they say: each block of commands is run, and what it shows is compared. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresBin } from "./postgres.ts";
import { PROGRAM } from "./program.ts";

interface Block {
  readonly language: string;
  readonly text: string;
}

/** The blocks of a page, without the blanks that stand before them in a list. */
export function blocksOf(page: string): Block[] {
  const found = page.matchAll(/^( *)```(\w+)\n(.*?)^\1```$/gms);
  return [...found].map(([, indent = "", language = "", body = ""]) => {
    const lines = body.split("\n").map((line) => line.slice(Math.min(indent.length, line.length)));
    return { language, text: lines.join("\n") };
  });
}

/** A block for bash: a line that says how it ends has to end so, any other one with success. */
function scriptOf(text: string): string {
  const lines = text.split("\n").map((line) => {
    const [, command, statuses] = /^(.*\S)\s+# ends with status ([\d or]+)$/.exec(line) ?? [];
    if (command === undefined || statuses === undefined) return line;
    const allowed = statuses.split(" or ").join("|");
    return `code=0; ${command} || code=$?; case $code in ${allowed}) ;; *) exit 1$code;; esac`;
  });
  // What a block started stays for the next one, unless it fails.
  const stop = "trap 'jobs -p | xargs -r kill' ERR";
  return `set -euo pipefail\n${stop}\n${lines.join("\n")}`;
}

/** Whether a line is what the page shows; `…` stands for anything. */
function isShown(output: readonly string[], line: string): boolean {
  const pattern = line
    .trimEnd()
    .split("…")
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join(".*");
  return output.some((one) => new RegExp(`^${pattern}$`).test(one.trimEnd()));
}

export class HowTo {
  readonly folder = mkdtempSync(join(tmpdir(), "rollcall-how-to-"));
  readonly environment: Record<string, string>;

  readonly #hasCitus: boolean;

  /**
   * @param environment for all commands, besides what a shell needs
   * @param hasCitus whether the database can do what a page says in SQL
   */
  constructor(environment: Readonly<Record<string, string>>, hasCitus = false) {
    this.#hasCitus = hasCitus;
    const bin = join(this.folder, ".bin");
    mkdirSync(bin);
    const program = [process.execPath, "--max-semi-space-size=8", PROGRAM];
    writeFileSync(join(bin, "rollcall"), `#!/bin/sh\nexec ${program.join(" ")} "$@"\n`);
    chmodSync(join(bin, "rollcall"), 0o755);
    const path = [bin, postgresBin() ?? "", process.env["PATH"] ?? ""].join(":");
    this.environment = { PATH: path, HOME: this.folder, NO_COLOR: "1", ...environment };
  }

  /** Runs a script in the folder. @throws with what it printed if it fails @returns what it printed */
  run(script: string): string {
    const { status, stdout, stderr } = spawnSync("bash", ["-c", script], {
      cwd: this.folder,
      env: this.environment,
      encoding: "utf8",
    });
    if (status === 0) return stdout;
    throw new Error(`status ${status} of:\n${script}\n${stdout}${stderr}`);
  }

  /**
   * Does what a page says: files are written as it shows them, commands run one after the other, in one
   * shell's environment. SQL is for Citus, and left out where that is not. @param standsFor what the page calls so, and what it is here
   * @returns how many blocks of commands it has
   */
  follow(page: string, standsFor: Readonly<Record<string, string>> = {}): number {
    let text = readFileSync(`docs/how-to/${page}.md`, "utf8");
    for (const [name, here] of Object.entries(standsFor)) text = text.replaceAll(name, here);
    const blocks = blocksOf(text);
    const [csv] = blocks.filter(({ language }) => language === "csv");
    if (csv !== undefined) writeFileSync(join(this.folder, "hr.csv"), csv.text);
    const done: string[] = [];
    let output: string[] = [];
    for (const { language, text: body } of blocks) {
      if (language === "sh") {
        // What earlier blocks exported is kept, as in the reader's shell.
        const kept = join(this.folder, ".environment");
        const before = done.length === 0 ? "" : `set -a; . ${kept}; set +a\n`;
        const script = `${before}${scriptOf(body)}\ndeclare -p | grep -E '^declare -(-|x) (RUN|FIRST|SECOND|[A-Z_]*PASSWORD|ROLLCALL_CONFIG)=' > ${kept} || true`;
        output = this.run(script).split("\n");
        done.push(body);
      }
      if (language === "sql" && this.#hasCitus)
        this.run(`psql "$DATABASE_URL" -v ON_ERROR_STOP=1 <<'SQL'\n${body}\nSQL`);
      const missing = language === "text" ? body.split("\n").filter(Boolean) : [];
      for (const line of missing)
        if (!isShown(output, line))
          throw new Error(`${page} shows "${line}", and this was printed:\n${output.join("\n")}`);
    }
    return done.length;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
