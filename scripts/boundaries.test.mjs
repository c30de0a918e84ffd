import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { RULES } from "./boundaries.mjs";
import { findViolations } from "./boundaries/find-violations.mjs";

const roots = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true });
});

/** A small tree that keeps every rule. */
const CLEAN = {
  "package.json": { devDependencies: { vitest: "*", ioredis: "*" } },
  "packages/pipeline/package.json": { dependencies: { zod: "*" } },
  "packages/pipeline/src/index.ts": 'export { z } from "zod";',
  "packages/ledger/package.json": {
    dependencies: { "@rushes/pipeline": "*", ioredis: "*" },
    devDependencies: { "@rushes/test-rig": "*", "@rushes/sandbox": "*" },
  },
  "packages/ledger/src/index.ts": 'export { open } from "./open-ledger.ts";',
  "packages/ledger/src/open-ledger.ts":
    'import { hash } from "node:crypto"; import { Redis } from "ioredis"; import type { Phase } from "@rushes/pipeline";',
  "packages/ledger/test/ledger.test.ts":
    'import { test } from "vitest"; import "@rushes/test-rig"; import "@rushes/sandbox"; import "../src/index.ts"; process.env.REDIS_URL;',
  "packages/queue/package.json": { dependencies: { "@rushes/pipeline": "*", bullmq: "*" } },
  "packages/queue/src/index.ts": 'import { Queue } from "bullmq";',
  "packages/test-rig/package.json": { dependencies: { ioredis: "*" } },
  "packages/test-rig/src/index.ts": 'import "ioredis"; process.env.PATH;',
  "apps/api/package.json": { dependencies: { "@rushes/ledger": "*", "@rushes/queue": "*", fastify: "*" } },
  "apps/api/src/main.ts": 'import "@rushes/ledger"; import "fastify"; console.log(process.env);',
  "apps/board/package.json": { dependencies: { "@bull-board/api": "*", "@rushes/queue": "*" } },
  "apps/board/src/main.ts": 'import "@bull-board/api/bullMQAdapter"; import "@rushes/queue";',
  "apps/sandbox/package.json": {},
  "apps/rushes/package.json": { dependencies: { "@rushes/sandbox": "*" } },
  "apps/rushes/src/main.ts": 'import "@rushes/sandbox";',
  "test/whole.test.ts": 'import "vitest"; import "./setting.ts"; import "node:fs";',
  "scripts/start.mjs": "process.env.PATH;",
};

/** Lays out the clean tree with changes and returns what is found, each as `path:line: rule`. */
function violationsOf(changes) {
  const root = mkdtempSync(join(tmpdir(), "rushes-boundaries-"));
  roots.push(root);
  for (const [path, content] of Object.entries({ ...CLEAN, ...changes })) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === "string" ? content : JSON.stringify(content, null, 2));
  }
  return findViolations(root, RULES).map(({ path, line, rule }) => `${path}:${line}: ${rule}`);
}

test("a tree that keeps the rules has no violations", () => {
  expect(violationsOf({})).toEqual([]);
});

describe("directions", () => {
  test("the pipeline may not import even a module of Node", () => {
    for (const specifier of ["node:fs", "fs"]) {
      expect(
        violationsOf({ "packages/pipeline/src/index.ts": `\n\nimport { x } from "${specifier}";` }),
      ).toEqual(["packages/pipeline/src/index.ts:3: packages/pipeline may import only zod (not node:fs)"]);
    }
  });

  const waysToSibling = {
    "an import": 'import { x } from "@rushes/queue";',
    "an import of a type": 'import type { X } from "@rushes/queue";',
    "a type in place": 'let x: import("@rushes/queue").X;',
    "a dynamic import": 'const x = await import("@rushes/queue");',
    "a dynamic import written as a template": "const x = await import(`@rushes/queue`);",
    "an export": 'export { x } from "@rushes/queue";',
    "an export of everything": 'export * from "@rushes/queue";',
    "a require": 'const x = require("@rushes/queue");',
    "an assigned require": 'import x = require("@rushes/queue");',
  };
  for (const [way, source] of Object.entries(waysToSibling)) {
    test(`an adapter may not reach a sibling by ${way}`, () => {
      expect(violationsOf({ "packages/ledger/src/open-ledger.ts": source })).toEqual([
        expect.stringMatching(
          /^packages\/ledger\/src\/open-ledger.ts:1: packages\/ledger may import only .*not @rushes\/queue/,
        ),
      ]);
    });
  }

  test("what only looks like an import is not one", () => {
    const source =
      '// import "@rushes/queue"\nexport const text = \'import("@rushes/queue")\'; /* require("bullmq") */';
    expect(violationsOf({ "packages/ledger/src/open-ledger.ts": source })).toEqual([]);
  });

  test("an adapter may not use another adapter's kit", () => {
    expect(violationsOf({ "packages/ledger/src/open-ledger.ts": 'import "undici";' })).toHaveLength(1);
  });

  test("an adapter's tests may not reach a sibling either", () => {
    expect(violationsOf({ "packages/ledger/src/x.test.ts": 'import "@rushes/queue";' })).toHaveLength(1);
  });

  test("a forbidden dependency is found in package.json before anything imports it", () => {
    const dependencies = { "@rushes/queue": "workspace:*" };
    expect(violationsOf({ "packages/ledger/package.json": { dependencies } })).toContainEqual(
      expect.stringMatching(/^packages\/ledger\/package.json:3: packages\/ledger may import only/),
    );
    expect(
      violationsOf({ "packages/queue/package.json": { devDependencies: { "@rushes/ledger": "*" } } }),
    ).toContainEqual(
      expect.stringMatching(/^packages\/queue\/package.json:3: packages\/queue may import only/),
    );
  });

  test("a package that the table does not know is refused", () => {
    expect(violationsOf({ "packages/novel/package.json": {} })).toEqual([
      "packages/novel/package.json:1: every package has a row in the table of scripts/boundaries.mjs",
    ]);
  });
});

test("only the queue imports bullmq, and what compares with it; not even an app's test", () => {
  const rule = "only packages/queue, apps/bench, apps/proof imports bullmq";
  expect(violationsOf({ "apps/api/src/main.ts": 'import "bullmq";' })).toEqual([
    `apps/api/src/main.ts:1: ${rule}`,
  ]);
  expect(violationsOf({ "apps/board/test/x.test.ts": 'import "bullmq/x";' })).toEqual([
    `apps/board/test/x.test.ts:1: ${rule}`,
  ]);
  expect(violationsOf({ "test/whole.test.ts": 'import "bullmq";' })).toEqual([
    `test/whole.test.ts:1: ${rule}`,
  ]);
});

test("only the board imports Bull Board", () => {
  expect(violationsOf({ "apps/api/src/main.ts": 'import "@bull-board/fastify";' })).toEqual([
    "apps/api/src/main.ts:1: only apps/board imports @bull-board/*",
  ]);
});

test("nobody imports an app, but tests and the command line may start the sandbox", () => {
  const rule = /nobody imports an app/;
  expect(violationsOf({ "apps/board/src/main.ts": 'import "@rushes/api";' })).toEqual([
    expect.stringMatching(rule),
  ]);
  expect(violationsOf({ "apps/board/src/main.ts": 'import "@rushes/sandbox";' })).toEqual([
    expect.stringMatching(rule),
  ]);
  expect(violationsOf({ "test/whole.test.ts": 'import "@rushes/api";' })).toEqual([
    expect.stringMatching(rule),
  ]);
  const packageJson = { dependencies: { "@rushes/api": "*" } };
  expect(violationsOf({ "apps/sandbox/package.json": packageJson })).toEqual([expect.stringMatching(rule)]);
});

test("a package is entered by its index only", () => {
  expect(violationsOf({ "apps/api/src/main.ts": 'import "@rushes/ledger/src/open-ledger.ts";' })).toEqual([
    "apps/api/src/main.ts:1: a package is entered by its index only (not @rushes/ledger/src/open-ledger.ts)",
  ]);
});

test("a relative import may not leave its package", () => {
  const outside = 'import "../../queue/src/index.ts";';
  const message = /a relative import stays inside/;
  expect(violationsOf({ "packages/ledger/src/open-ledger.ts": outside })).toEqual([
    expect.stringMatching(message),
  ]);
  expect(violationsOf({ "test/whole.test.ts": 'import "../packages/queue/src/index.ts";' })).toEqual([
    expect.stringMatching(message),
  ]);
});

test("an import must be declared, and sources may not live on dev dependencies", () => {
  expect(violationsOf({ "apps/api/src/main.ts": 'import "undici";' })).toEqual([
    "apps/api/src/main.ts:1: imports must be declared in package.json (undici)",
  ]);
  expect(
    violationsOf({
      "apps/api/package.json": { devDependencies: { undici: "*" } },
      "apps/api/src/main.ts": 'import "undici";',
    }),
  ).toEqual(["apps/api/src/main.ts:1: imports must be declared in package.json (undici)"]);
});

test("the test rig is for tests, but no place to tie packages together", () => {
  expect(violationsOf({ "packages/test-rig/src/index.ts": 'import "@rushes/ledger";' })).toEqual([
    expect.stringMatching(/packages\/test-rig may import only .*not @rushes\/ledger/),
  ]);
});

test("sources do not import what is for tests", () => {
  expect(violationsOf({ "apps/api/src/main.ts": 'import "@rushes/test-rig";' })).toEqual([
    "apps/api/src/main.ts:1: only tests import @rushes/test-rig",
  ]);
});

describe("the environment", () => {
  const waysToRead = {
    directly: "process.env.X;",
    "by a string": 'process["env"];',
    "by the global object": "globalThis.process.env;",
    "by destructuring": "const { env } = process;",
    "by importing it": 'import { env } from "node:process";',
  };
  for (const [way, source] of Object.entries(waysToRead)) {
    test(`is read by main.ts only, even ${way}`, () => {
      expect(violationsOf({ "apps/api/src/settings.ts": source })).toEqual([
        "apps/api/src/settings.ts:1: only main.ts reads the environment",
      ]);
    });
  }

  test("is not read by a main.ts that is not an entrance", () => {
    expect(violationsOf({ "apps/api/src/deeper/main.ts": "process.env;" })).toHaveLength(1);
  });
});

test("there are no default exports, however they are written", () => {
  for (const source of ["export default 1;", "const x = 1;\nexport { x as default };"]) {
    expect(violationsOf({ "apps/api/src/x.ts": source })).toEqual([
      expect.stringMatching(/^apps\/api\/src\/x.ts:\d: no default exports$/),
    ]);
  }
});

test("names that say nothing are refused, for files, folders and last words", () => {
  for (const path of [
    "utils.ts",
    "types.test.ts",
    "shared/x.ts",
    "retry-handler.ts",
    "helpers.lua",
    "core.mjs",
  ]) {
    expect(violationsOf({ [`apps/api/src/${path}`]: "" })).toEqual([
      expect.stringMatching(/a name must say what is inside/),
    ]);
  }
  for (const path of ["library-path.ts", "base-url.ts", "content-type.ts"]) {
    expect(violationsOf({ [`apps/api/src/${path}`]: "" })).toEqual([]);
  }
});

test("a file that cannot be parsed stops the check instead of passing it", () => {
  expect(() => violationsOf({ "apps/api/src/x.ts": "export const = ;" })).toThrow(/apps\/api\/src\/x.ts/);
});
