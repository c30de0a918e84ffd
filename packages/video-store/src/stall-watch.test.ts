import { describe, expect, it } from "vitest";
import { createStallWatch, PATIENCE, type Patience } from "./stall-watch.ts";

const patience: Patience = {
  deadlineMs: 100_000,
  windowMs: 1_000,
  minBytesPerSecond: 1_000,
  bucketStallMs: 5_000,
};

function watchAt() {
  const clock = { ms: 7 };
  return { clock, watch: createStallWatch(patience, () => clock.ms) };
}

describe("the stall watch", () => {
  it("gives up on a source that sends a little, often", () => {
    const { clock, watch } = watchAt();
    watch.waitFor("source");
    for (let tick = 0; tick < 99; tick += 1) {
      clock.ms += 10;
      watch.received(9);
      expect(watch.verdict()).toBeNull();
    }
    clock.ms += 10;
    expect(watch.verdict()).toMatchObject({ kind: "unavailable", code: "result_unreachable" });
  });

  it("bears a source that reaches the least speed in every window", () => {
    const { clock, watch } = watchAt();
    watch.waitFor("source");
    for (let window = 0; window < 20; window += 1) {
      clock.ms += 1_000;
      watch.received(1_000);
      expect(watch.verdict()).toBeNull();
    }
  });

  it("judges each window by itself, so a fast beginning buys no slow end", () => {
    const { clock, watch } = watchAt();
    watch.waitFor("source");
    watch.received(1_000_000);
    clock.ms += 1_000;
    expect(watch.verdict()).toBeNull();
    clock.ms += 1_000;
    expect(watch.verdict()).toMatchObject({ code: "result_unreachable" });
  });

  it("does not count time spent waiting for the bucket against the source", () => {
    const { clock, watch } = watchAt();
    for (let round = 0; round < 30; round += 1) {
      watch.waitFor("source");
      clock.ms += 100;
      watch.received(100);
      watch.waitFor("bucket");
      clock.ms += 2_000;
      expect(watch.verdict()).toBeNull();
    }
  });

  it("gives up on a bucket that does not move, and not on one that moves slowly", () => {
    const { clock, watch } = watchAt();
    for (let round = 0; round < 5; round += 1) {
      watch.waitFor("bucket");
      clock.ms += 5_000;
      expect(watch.verdict()).toBeNull();
    }
    clock.ms += 1;
    expect(watch.verdict()).toMatchObject({
      kind: "unavailable",
      code: "bucket_unavailable",
      class: "archive",
    });
  });

  it("ends a copy at the deadline and blames the side that is waited for", () => {
    const slow = watchAt();
    for (let second = 0; second < 100; second += 1) {
      slow.watch.waitFor("source");
      slow.clock.ms += 1_000;
      slow.watch.received(10_000);
      expect(slow.watch.verdict()).toBeNull();
    }
    slow.clock.ms += 1;
    expect(slow.watch.verdict()).toMatchObject({ code: "result_unreachable" });

    const late = watchAt();
    late.clock.ms += patience.deadlineMs;
    late.watch.waitFor("bucket");
    late.clock.ms += 1;
    expect(late.watch.verdict()).toMatchObject({ code: "bucket_unavailable" });
  });

  it("has a deadline that a file of 50 MB meets at the least speed", () => {
    expect((PATIENCE.deadlineMs / 1000) * PATIENCE.minBytesPerSecond).toBeGreaterThan(50_000_000);
  });
});
