/** What `init` does, apart from how it is called: asks, has the directory looked at, shows, writes. */
import { existsSync, rmSync } from "node:fs";
import { basename, extname } from "node:path";
import { parseSettings } from "../config/load.ts";
import {
  passwordVariable,
  proposedConfiguration,
  refuseTaken,
  withDirectory,
} from "../config/proposed.ts";
import { directoryNameFault } from "../config/semantics.ts";
import { replaceFile } from "../lib/replace-file.ts";
import { RollcallError } from "../model/errors.ts";
import type { Proposal } from "../model/proposal.ts";
import { surveyDirectory, tryProposed } from "../service.ts";
import { Asker } from "./ask.ts";
import { visible, type Console } from "./console.ts";
import {
  fileAccess,
  readText,
  serverAccess,
  textOf,
  type Asking,
  type Options,
  type Reached,
} from "./reach-directory.ts";
import { configFile } from "./session.ts";
import { printNext, printProposal } from "./show-proposal.ts";

export async function proposeDirectory(
  console: Console,
  options: Options,
  given: string | undefined,
): Promise<number> {
  const asker = new Asker(console, options["yes"] === true);
  const asking = { console, asker, options };
  const source = given ?? (await asker.text("Address of the server, or a file", ""));
  if (source === "")
    throw new RollcallError("usage.invalid", "Name a server (ldaps://HOST) or a file.");
  const file = configFile(console, options);
  const isServer = /^ldaps?:\/\//i.test(source);
  const name = await nameFor(asking, isServer ? "corp" : nameOfFile(source));
  // Before anything is asked of anybody, or kept.
  if (existsSync(file)) refuseTaken(readText(file), name);
  const reached = isServer
    ? await serverAccess(asking, source, name)
    : fileAccess(options, source, name);
  const progress = (people: number): void => {
    if (console.isTerminal) console.live(`${people} people seen`);
  };
  const { signal } = console;
  const proposal = await surveyDirectory({ of: reached.of, directory: name, signal, progress });
  printProposal(console, proposal);
  return await offer(asking, file, { name, reached, proposal });
}

interface Offered {
  readonly name: string;
  readonly reached: Reached;
  readonly proposal: Proposal;
}

/** Tries what is proposed, and writes it if it may. A certificate is kept only with the configuration that names it. */
async function offer(
  { console, asker, options }: Asking,
  file: string,
  { name, reached, proposal }: Offered,
): Promise<number> {
  const { access, password, kept } = reached;
  const isNew = !existsSync(file);
  const text = isNew
    ? proposedConfiguration(proposal, access)
    : withDirectory(readText(file), proposal, access);
  const isWhole = proposal.missing.length === 0;
  let written = false;
  const isFresh = kept !== null && !existsSync(kept.file);
  if (isFresh) write(kept.file, kept.pem);
  try {
    const environment = { ...console.environment, [passwordVariable(name)]: password };
    const tried = isWhole
      ? await tryProposed(parseSettings(text, file, environment), name, console.signal)
      : [];
    const remarks = [...proposal.remarks, ...tried];
    for (const remark of remarks) console.note(`  ${visible(remark)}`);
    written = await mayWrite(asker, file, { isWhole, isNew });
    if (written) write(file, text);
    else console.note("Nothing was written.");
    console.document({ file, directory: name, written, ...proposal, remarks });
  } finally {
    if (isFresh && !written) rmSync(kept.file, { force: true });
  }
  if (written) printNext(console, options, { file, name, access });
  return isWhole && written ? 0 : 1;
}

async function nameFor({ asker, options }: Asking, otherwise: string): Promise<string> {
  const proposed = textOf(options, "name") ?? otherwise;
  const name = await asker.text("What is the directory called?", proposed);
  const fault = directoryNameFault(name);
  if (fault !== null) throw new RollcallError("usage.invalid", `${name}: ${fault}.`);
  return name;
}

/** What is not complete must not stop a configuration that works. */
async function mayWrite(
  asker: Asker,
  file: string,
  { isWhole, isNew }: { readonly isWhole: boolean; readonly isNew: boolean },
): Promise<boolean> {
  if (isWhole) return await asker.confirm(`Write this to ${file}?`, true);
  if (!isNew) return false;
  return await asker.confirm(`It is not complete. Write it to ${file}, to go on by hand?`, false);
}

/** A name that a directory can have, from that of a file. */
function nameOfFile(path: string): string {
  const bare = basename(path, extname(path)).replaceAll(/[^A-Za-z0-9_-]/g, "-");
  return /^[A-Za-z]/.test(bare) ? bare : "file";
}

function write(file: string, text: string): void {
  try {
    replaceFile(file, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RollcallError("usage.invalid", `${file} cannot be written: ${reason}`, { cause });
  }
}
