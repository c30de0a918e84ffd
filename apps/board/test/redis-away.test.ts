import { expect, test } from "vitest";
import { untilTrue } from "@rushes/test-rig";
import { ADMIN, startBoardRig } from "./board-rig.ts";

test("a board without Redis listens, says that it is not ready, and goes on when Redis is back", async () => {
  const rig = await startBoardRig({ startsBefore: "redis" });
  const statusOf = async (path: string, cookie?: string): Promise<number> =>
    (await rig.ask(path, cookie ? { cookie } : {})).status;

  expect(await statusOf("/livez")).toBe(200);
  expect(await (await rig.ask("/readyz")).json()).toEqual({ status: "unavailable", because: ["redis"] });
  const cookie = await rig.logIn(ADMIN);
  expect(await statusOf("/queues", cookie)).toBe(200);
  const away = await rig.ask("/queues/api/queues", { cookie });
  expect(away.status).toBe(503);
  expect(await away.json()).toEqual({ error: { key: "ERRORS.REDIS_UNAVAILABLE" } });

  await rig.redis.restart();
  await untilTrue(async () => (await statusOf("/readyz")) === 200);
  expect(await statusOf("/queues/api/queues", cookie)).toBe(200);

  await rig.redis.kill();
  await untilTrue(async () => (await statusOf("/readyz")) === 503);
  expect(await statusOf("/queues/api/queues", cookie)).toBe(503);
  expect(await statusOf("/livez")).toBe(200);
  expect(rig.logLines.filter((line) => line.includes("Redis is away")).length).toBeGreaterThan(0);
  await rig.stop();
});
