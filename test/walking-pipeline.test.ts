import { createHash } from "node:crypto";
import { untilTrue } from "@rushes/test-rig";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { startSystem, type RunningSystem } from "./running-system.ts";

// A system of its own for each test: what one leaves behind, a held place or a waiting order, is not the next one's.
let system: RunningSystem;
beforeEach(async () => {
  system = await startSystem();
});
afterEach(() => system.stop());

const chargesFor = (prompt: string): number =>
  system.sandbox.bill().charges.filter((charge) => charge.prompt === prompt).length;

const phasesOf = (videos: { id: string }[]): Promise<string[]> =>
  Promise.all(videos.map(async ({ id }) => (await system.get(id)).phase));

const IMAGE = "https://example.com/a.jpg";
/** A task that is still running when the test has done its damage. */
const SLOW = { prompt: "a lake [[task:slow:400000]]" };

describe("an order becomes a file", () => {
  test("in every mode and duration, whole, in the bucket, charged once", { timeout: 60_000 }, async () => {
    const worker = await system.startWorker();
    const orders = [
      { mode: "master-text-to-video", duration: 5, aspect_ratio: "9:16" },
      { mode: "master-text-to-video", duration: 10, aspect_ratio: "1:1" },
      { mode: "standard-image-to-video", duration: 5, image_urls: [IMAGE] },
      { mode: "pro-image-to-video", duration: 10, image_urls: [IMAGE, IMAGE] },
      { mode: "master-image-to-video", duration: 5, image_urls: [IMAGE] },
    ];
    const videos = await Promise.all(orders.map((input) => system.order(input)));
    for (const { id } of videos) {
      const video = await system.untilEnded(id);
      const [file] = video.output;
      expect(video.output).toHaveLength(1);
      const bytes = await system.s3.getObject(file?.key ?? "");
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      expect([file?.bytes, file?.sha256]).toEqual([bytes.length, sha256]);
      expect(sha256).toBe(
        system.sandbox.tasks().find((task) => task.taskId === video.provider.task_id)?.sha256,
      );
      expect(video).toMatchObject({ status: "completed", charges: 1, late: false, error: null });
    }
    const bill = system.sandbox.bill();
    expect(bill.charges).toHaveLength(orders.length);
    const billed = await Promise.all(videos.map(async ({ id }) => (await system.get(id)).cost.billed_usd));
    expect(billed).toEqual([1, 2, 0.2, 0.7, 1]);
    expect(await worker.end("SIGTERM")).toBe(0);
  });
});

describe("roles scale apart", () => {
  test("one process per role does what one with all roles does", { timeout: 60_000 }, async () => {
    const workers = await Promise.all(
      ["submit", "poll", "archive", "sweep"].map((ROLES) => system.startWorker({ ROLES })),
    );
    const { id } = await system.order();
    await system.untilEnded(id);
    for (const worker of workers) expect(await worker.end("SIGTERM")).toBe(0);
  });

  test("a role asks for its own settings only", { timeout: 60_000 }, async () => {
    const poller = await system.startWorker({
      ROLES: "poll",
      ARCHIVE_BUCKET: "",
      AWS_ACCESS_KEY_ID: "",
      AWS_SECRET_ACCESS_KEY: "",
    });
    await untilTrue(
      () => poller.lines.some((line) => line.includes("has started")) || poller.lines.join("\n"),
      { timeoutMs: 45_000 },
    );
    expect(await poller.end("SIGTERM")).toBe(0);
    const archiver = system.spawnWorker({ ROLES: "archive", ARCHIVE_BUCKET: "", DRAIN_MS: "soon" });
    await untilTrue(() => archiver.process.exitCode === 1 || archiver.lines.join("\n"), {
      timeoutMs: 45_000,
    });
    expect(archiver.lines.join("\n")).toMatch(/ARCHIVE_BUCKET/);
    expect(archiver.lines.join("\n")).toMatch(/DRAIN_MS/);
    expect(archiver.lines.join("\n")).not.toContain("soon");
  });
});

describe("a killed worker's orders go on", () => {
  test("submitted tasks and waiting orders alike, charged once each", { timeout: 60_000 }, async () => {
    const first = await system.startWorker({ LIMIT_CONCURRENCY: "2" });
    // With both places taken for long no submission is under way, so the kill leaves no answer lost.
    const slow = [await system.order(SLOW), await system.order(SLOW)];
    const waiting = await Promise.all([1, 2, 3].map(() => system.order()));
    await untilTrue(async () => (await phasesOf(slow)).every((phase) => phase === "generating"));
    expect(await phasesOf(waiting)).toEqual(["queued", "queued", "queued"]);
    await first.end("SIGKILL");
    const second = await system.startWorker();
    for (const { id } of [...slow, ...waiting]) expect((await system.untilEnded(id)).charges).toBe(1);
    expect(system.sandbox.bill().charges).toHaveLength(5);
    expect(await second.end("SIGTERM")).toBe(0);
  });

  test(
    "between the intent and the answer: the video waits for a person, and is not charged again",
    { timeout: 60_000 },
    async () => {
      const hasty = { SUBMIT_TIMEOUT_MS: "5000", SUBMIT_MARGIN_MS: "500" };
      const prompt = "a lake [[submit:hang-after-accept]]";
      const first = await system.startWorker(hasty);
      const { id } = await system.order({ prompt });
      await untilTrue(() => chargesFor(prompt) === 1);
      await first.end("SIGKILL");
      const second = await system.startWorker(hasty);
      await untilTrue(async () => (await system.get(id)).phase === "unconfirmed");
      const other = await system.order();
      await system.untilEnded(other.id);
      expect((await system.get(id)).phase).toBe("unconfirmed");
      expect(chargesFor(prompt)).toBe(1);
      await second.end("SIGTERM");
    },
  );

  test("flushed queues heal: every unfinished order is woken again", { timeout: 60_000 }, async () => {
    const first = await system.startWorker({ LIMIT_CONCURRENCY: "1" });
    const running = await system.order(SLOW);
    const videos = [running, await system.order(), await system.order()];
    await untilTrue(async () => (await system.get(running.id)).phase === "generating");
    await first.end("SIGKILL");
    const keys = await system.inspect.keys("{rushes}:*");
    const queueKeys = keys.filter((key) => /^\{rushes\}:(submit|poll|archive):/.test(key));
    expect(queueKeys.length).toBeGreaterThan(0);
    await system.inspect.del(...queueKeys);
    const second = await system.startWorker();
    for (const { id } of videos) await system.untilEnded(id);
    await second.end("SIGTERM");
  });
});

describe("SIGTERM drains", () => {
  test("the POST in flight is finished and its task recorded", { timeout: 60_000 }, async () => {
    const prompt = "a lake [[submit:slow:100000]]";
    const worker = await system.startWorker();
    const { id } = await system.order({ prompt });
    await untilTrue(async () => (await system.get(id)).phase === "submitting");
    expect(await worker.end("SIGTERM")).toBe(0);
    const video = await system.get(id);
    expect(video.phase).toBe("generating");
    expect(chargesFor(prompt)).toBe(1);
    const next = await system.startWorker();
    await system.untilEnded(id);
    await next.end("SIGTERM");
  });
});
