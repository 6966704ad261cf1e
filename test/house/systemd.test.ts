/** The unit for systemd, as far as it can be judged without a system that systemd runs. */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const UNIT = fileURLToPath(new URL("../../config/systemd/rollcall.service", import.meta.url));
const found = spawnSync("systemd-analyze", ["--version"]).status === 0;

function analyze(...args: string[]): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync("systemd-analyze", [...args, UNIT], {
    encoding: "utf8",
  });
  return { status, text: stdout + stderr };
}

test.runIf(found)("systemd understands every line of the unit", () => {
  expect(analyze("verify", "--man=no")).toEqual({ status: 0, text: "" });
});

test.runIf(found)("the service may do little: systemd calls its exposure small", () => {
  const { text } = analyze("security", "--offline=true", "--no-pager");
  const exposure = Number(/Overall exposure level for rollcall\.service: ([\d.]+)/.exec(text)?.[1]);
  expect(exposure).toBeLessThanOrEqual(2);
});
