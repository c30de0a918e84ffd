import { defineConfig } from "vitest/config";

// The `source` condition lets tests use every package's TypeScript without a build.
const sources = {
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
};

/** Left out of `npm test`, which must end within a quarter of an hour. */
const LONG = [
  "test/rolling-restart.test.ts",
  "test/command-line.test.ts",
  "test/board-buttons.test.ts",
  "apps/proof/test/mutants.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      {
        ...sources,
        test: { name: "unit", include: ["{apps,packages}/*/src/**/*.test.ts", "scripts/**/*.test.mjs"] },
      },
      {
        ...sources,
        test: { name: "proof", include: ["apps/proof/test/proof.test.ts"], hookTimeout: 60_000 },
      },
      {
        ...sources,
        // Many processes at once, which would slow whatever is tested beside them: by `pnpm test:long` only.
        test: {
          name: "long",
          include: LONG,
          testTimeout: 180_000,
          hookTimeout: 60_000,
        },
      },
      {
        ...sources,
        test: {
          name: "system",
          include: ["{apps,packages}/*/test/**/*.test.ts", "test/**/*.test.ts"],
          // Whole systems under a storm of faults: a project of its own, which `npm test` runs after the others.
          exclude: ["**/node_modules/**", "apps/proof/test/proof.test.ts", ...LONG],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          // A wait that ran out is tried once more, and shown so: the machine may have been slow. A wrong result never is.
          retry: { count: 1, condition: /^waited \d+ ms for a condition|^Test timed out in/ },
        },
      },
    ],
  },
});
