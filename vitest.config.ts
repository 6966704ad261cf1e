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
  "identity-sources",
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

/**
 * How files are run: a process is kept for file after file, because one that has run the program for a while runs it far
 * faster than one that begins; what a file mocks or sets, it puts back.
 */
const WARM = {
  isolate: false,
  // More than cores, because much of the time is spent in waiting.
  maxWorkers: 5,
};

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: { ...WARM, name: "unit", include: ["src/**/*.test.ts"], testTimeout: 60_000 },
      },
      {
        test: {
          ...WARM,
          name: "servers",
          include: ["test/**/*.test.ts"],
          globalSetup: ["test/setup/servers.ts"],
          setupFiles: ["test/setup/keep-stores.ts"],
          // Ends what hangs; on a busy machine, a story with a directory server takes minutes.
          testTimeout: 360_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
});
