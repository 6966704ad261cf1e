import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Inputs that a parser once did not stand. */
export function corpusOf(name: string): Buffer[] {
  const folder = join(import.meta.dirname, "corpus", name);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).map((file) => readFileSync(join(folder, file)));
}
