import { createLogger, createMetrics } from "@rushes/telemetry";
import type { Records, Standing } from "@rushes/pipeline";
import { expect, test } from "vitest";
import { observeRecords } from "./observed-records.ts";

const ATTEMPT = { videoId: "vid_a", number: 1, secret: "s", account: "default" };
const STANDING: Standing = {
  result: "moved",
  phase: "archiving",
  rev: 4,
  wake: 4,
  mode: "master-text-to-video",
  chargedMicros: 1_000_000,
  delivery: null,
  sinceMs: 61_000,
};

test("a look that came after another had seen the end is no second step of the video", async () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: "worker",
    level: "info",
    destination: { write: (line) => lines.push(line) },
  });
  const standings = [STANDING, { ...STANDING, result: "stale", chargedMicros: 0 }];
  const records = { recordLook: async () => standings.shift() } as unknown as Records;
  const observed = observeRecords(records, logger, createMetrics());
  const looks = [1, 2].map(
    async () => await observed.recordLook(ATTEMPT, "task-1", { report: "succeeded", resultUrls: [] }),
  );
  await Promise.all(looks);
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual([
    "video is archiving",
    "came late, changed nothing",
  ]);
});
