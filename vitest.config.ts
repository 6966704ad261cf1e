import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that mostly wait, for a claim that ends or a server that starts, begin first; then long ones. */
const LONG = [
  "several-processes",
  "fencing",
  "faults",
  "interrupted",
  "ds389",
  "import",
  "sourcing",
  "dry-run",
  "mappings",
  "force-sync",
  "revert",
  "openldap",
  "samba",
  "crash",
  "answers",
  "pushing",
];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: { name: "unit", include: ["src/**/*.test.ts"], testTimeout: 60_000 },
      },
      {
        test: {
          name: "servers",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/setup/servers.ts"],
          setupFiles: ["test/setup/keep-stores.ts"],
          // Ends what hangs; on a busy machine, a story with a directory server takes minutes.
          testTimeout: 360_000,
          hookTimeout: 240_000,
          // More than cores, because much of the time is spent in waiting.
          maxWorkers: 4,
        },
      },
    ],
  },
});
