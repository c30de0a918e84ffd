import { expect, test } from "vitest";
import { keepRead } from "./kept-read.ts";

test("whoever asks while a read is under way or its value is fresh shares it", async () => {
  let [reads, nowMs] = [0, 0];
  const read = keepRead(
    async () => (reads += 1),
    () => 100,
    () => nowMs,
  );
  expect(await Promise.all([read(), read()])).toEqual([1, 1]);
  nowMs = 99;
  expect(await read()).toBe(1);
  nowMs = 100;
  expect(await read()).toBe(2);
});

test("a failed read is not kept", async () => {
  let reads = 0;
  const read = keepRead(
    async () => {
      reads += 1;
      if (reads === 1) throw new Error("away");
      return reads;
    },
    () => 100,
    () => 0,
  );
  await expect(read()).rejects.toThrow("away");
  expect(await read()).toBe(2);
});
