/** Writes what is generated from the code: `npm run generate`. A test compares. */
import { readFileSync, writeFileSync } from "node:fs";
import { generated } from "./generated.ts";

for (const { file, content } of generated((name) => readFileSync(name, "utf8")))
  writeFileSync(file, content);
