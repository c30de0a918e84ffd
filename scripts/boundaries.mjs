import { resolve } from "node:path";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";

import { findViolations } from "./boundaries/find-violations.mjs";

/**
 * Who may see whom. A name ending in `*` stands for all names that begin so. Imports of types count like any others:
 * a type that crosses a boundary ties the two sides together as firmly as a function.
 *
 * @type {import("./boundaries/find-violations.mjs").Rules}
 */
export const RULES = {
  /** What the sources of a package may import. The pipeline is pure: not even Node's own modules. */
  packages: {
    pipeline: ["zod"],
    ledger: ["node:*", "@rushes/pipeline", "ioredis"],
    queue: ["node:*", "@rushes/pipeline", "bullmq", "ioredis"],
    apixo: ["node:*", "@rushes/pipeline", "undici", "zod"],
    // No adapter of a service but a tool of two: it knows neither videos nor deliveries.
    "guarded-dial": ["node:*", "undici"],
    "video-store": ["node:*", "@rushes/pipeline", "@rushes/guarded-dial", "undici", "@aws-sdk/*"],
    webhooks: ["node:*", "@rushes/pipeline", "@rushes/guarded-dial", "undici"],
    lifecycle: ["node:*", "@rushes/pipeline", "zod"],
    preflight: ["node:*", "ioredis"],
    telemetry: ["node:*", "@rushes/pipeline", "@opentelemetry/*", "pino", "prom-client"],
    // The one that joins two adapters.
    producer: ["node:*", "@rushes/pipeline", "@rushes/ledger", "@rushes/queue", "ulid"],
    // For callers' own services, far from this repository: it knows nothing but HTTP.
    client: ["node:*"],
    "test-rig": ["node:*", "ioredis", "@aws-sdk/*", "fauxqs", "playwright-core"],
  },
  /** Apps may import any package; these names only the places listed, wherever else they might be allowed. */
  onlyFrom: {
    bullmq: ["packages/queue", "apps/bench", "apps/proof"],
    "@bull-board/*": ["apps/board"],
    // Loaded by a file of its own, and only where traces are wanted.
    "@opentelemetry/*": ["packages/telemetry"],
  },
  /** Nobody imports an app, with these exceptions. Tests may import the ones named in `apps.tests`. */
  apps: { "@rushes/sandbox": ["apps/rushes"] },
  /** What tests may import on top of what the sources beside them may. Other packages' insides stay closed. */
  tests: ["node:*", "@rushes/test-rig", "@rushes/sandbox", "standardwebhooks"],
  /** Only tests may import these. */
  testsOnly: ["@rushes/test-rig", "vitest", "fast-check", "standardwebhooks", "@redocly/*", "openai"],
  /** Places that are test code through and through. */
  testCode: ["packages/test-rig", "test", "apps/bench", "apps/proof"],
  /** The only sources that read the environment. Tests and scripts may too. */
  environment: ["src/main.ts"],
  /** Names that say nothing: a file called so collects what belongs elsewhere. As a last word they say as little. */
  emptyNames:
    "utils util common shared helpers helper lib core base manager service handler types constants".split(
      " ",
    ),
};

if (argv[1] !== undefined && resolve(argv[1]) === fileURLToPath(import.meta.url)) {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const violations = findViolations(root, RULES);
  for (const { path, line, rule } of violations) console.log(`${path}:${line}: ${rule}`);
  console.log(
    violations.length === 0 ? "Boundaries: kept." : `Boundaries: crossed ${violations.length} times.`,
  );
  process.exitCode = violations.length === 0 ? 0 : 1;
}
