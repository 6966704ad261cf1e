import { resolve } from "node:path";

/** The program as it is shipped, for processes of their own; `test/setup/servers.ts` has built it. */
export const PROGRAM = resolve("dist/main.js");
