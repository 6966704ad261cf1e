import { setFlagsFromString } from "node:v8";

/**
 * Lets V8 collect early. By default it takes the machine's size as leave to collect late, so that
 * streaming a large directory would show as hundreds of megabytes of garbage, although only a few
 * batches live at a time. Measured at 100,000 people: half the memory for some 5 % more time.
 * The other half of this is `--max-semi-space-size=8`, which only the command line can set.
 */
export function collectEarly(): void {
  setFlagsFromString("--heap-growing-percent=80");
}
