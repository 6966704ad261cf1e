import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { generated } from "../tools/generated.ts";

const read = (name: string): string =>
  readFileSync(new URL(`../../${name}`, import.meta.url), "utf8");

test.each(generated(read))(
  "$file is what the code generates (npm run generate)",
  ({ file, content }) => {
    expect(read(file)).toBe(content);
  },
);
