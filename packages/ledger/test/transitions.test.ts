import { Redis } from "ioredis";
import { createRandom, startTestRedis, uniquePrefix, type TestRedis } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readScriptFile, type ReadScript } from "../src/index.ts";
import { violations } from "./violations.ts";
import { without } from "./without-rule.ts";
import { World, type WorldOptions } from "./world.ts";

let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  server = await startTestRedis({ appendOnly: false });
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const WALKS = 150;
const STEPS = 45;
/**
 * A missing rule must show within so many walks. Only rules that chance meets soon are here; the others have their own
 * scenario in rules.test.ts.
 */
const MUTANT_WALKS = 600;

const ONE = { maxCharges: 1, retry: false, maxPosts: 3, read: readScriptFile };
const TWO = { maxCharges: 2, retry: false, maxPosts: 3, read: readScriptFile };
const THREE = { maxCharges: 3, retry: true, maxPosts: 4, read: readScriptFile };

type Walk = { moves: Set<string>; bad: string[]; story: string };

async function walk(connection: Redis, seed: number, options: WorldOptions): Promise<Walk> {
  const world = new World(connection, uniquePrefix("walk"), options, createRandom(seed));
  await world.begin();
  const moves = new Set<string>();
  let before = await world.look();
  for (let step = 0; step < STEPS; step += 1) {
    await world.step(before.record);
    const after = await world.look();
    moves.add(`${before.record.phase}→${after.record.phase}`);
    const bad = violations(world, before, after);
    const story = `seed ${seed}, ${JSON.stringify(options)}:\n${world.said.join("\n")}`;
    if (bad.length > 0) return { moves, bad, story };
    before = after;
  }
  return { moves, bad: [], story: "" };
}

/** All of these must have been walked, or a clean walk says little. */
const MOVES = [
  "queued→submitting",
  "submitting→unconfirmed",
  "submitting→generating",
  "submitting→queued",
  "unconfirmed→generating",
  "unconfirmed→failed",
  "generating→archiving",
  "archiving→completed",
  "queued→cancelled",
  "failed→completed",
];

describe("no order of crashes, late answers, callbacks and people's decisions breaks the record", () => {
  const worlds: [string, WorldOptions][] = [
    ["one charge allowed", ONE],
    ["two charges allowed", TWO],
    ["three charges allowed, failed tasks tried again", THREE],
  ];
  test.each(worlds)("%s", { timeout: 180_000 }, async (_, options) => {
    const moves = new Set<string>();
    for (let seed = 1; seed <= WALKS; seed += 1) {
      const walked = await walk(redis, seed, options);
      expect(walked.bad, walked.story).toEqual([]);
      for (const move of walked.moves) moves.add(move);
    }
    expect([...moves]).toEqual(expect.arrayContaining(MOVES));
  });
});

describe("each rule is needed: without it a walk goes wrong", () => {
  const mutants: [string, WorldOptions, ReadScript][] = [
    [
      "a lost answer parks the video",
      TWO,
      without(
        "record",
        "if why == 'unknown' then return move(record, 'unconfirmed', 0) end",
        "if why == 'unknown' then return backToLine(record, { backoffMs = 0, graceMs = 0 }) end",
      ),
    ],
    ["a refusal frees the place", ONE, without("record", "  freeLease(record, n)\n  local at", "  local at")],
    [
      "a lost answer keeps its place",
      ONE,
      without(
        "record",
        "set(record, of(n, 'state'), 'unknown')",
        "set(record, of(n, 'state'), 'unknown') freeLease(record, n)",
      ),
    ],
    ["the deadline is awaited", ONE, without("expire-submission", "> NOW then", "> NOW + 1e13 then")],
    [
      "cancel looks at every attempt",
      TWO,
      without("cancel-video", "phase(record) ~= 'queued' or open", "phase(record) ~= 'queued'"),
    ],
    [
      "an attempt's late answer counts in any phase",
      TWO,
      without(
        "record",
        "  local wasRefused",
        "  if phase(record) ~= 'submitting' and phase(record) ~= 'unconfirmed' then return 'known' end\n  local wasRefused",
      ),
    ],
    ["what is accepted is billed", ONE, without("record", "  setUnit(record, n, 'billed')\n", "")],
    ["an ended task gives its place back", ONE, without("record-look", "freeLease(record, n)", "")],
    [
      "the free money goes back when a release is undone",
      TWO,
      without(
        "record",
        "  move(record, 'generating', NOW + dueMs)\n  returnFreeUnit(record)",
        "  move(record, 'generating', NOW + dueMs)",
      ),
    ],
    [
      "write-off books what may have been spent",
      ONE,
      without("write-off", "setUnit(record, n, 'billed')", "setUnit(record, n, 'returned')"),
    ],
  ];
  test.each(mutants)("%s", { timeout: 180_000 }, async (_, options, read) => {
    // The scripts of a connection are defined once, so a mutant gets a connection of its own.
    const connection = new Redis(server.url);
    try {
      let caught: string[] = [];
      for (let seed = 1; seed <= MUTANT_WALKS && caught.length === 0; seed += 1) {
        caught = (await walk(connection, seed, { ...options, read })).bad;
      }
      expect(caught).not.toEqual([]);
    } finally {
      connection.disconnect();
    }
  });
});
