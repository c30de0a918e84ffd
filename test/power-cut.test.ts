import { setTimeout as sleep } from "node:timers/promises";
import { createLedger, type Ledger, type LedgerSettings } from "@rushes/ledger";
import { orderSchema, type AttemptKey } from "@rushes/pipeline";
import { createProducer, type Producer } from "@rushes/producer";
import { openProducerConnection, openWakeQueues } from "@rushes/queue";
import { createRandom, startTestRedis, uniquePrefix, untilTrue } from "@rushes/test-rig";
import { afterEach, describe, expect, test } from "vitest";
import { canTrace, startCuttableRedis, type AppendFsync, type PowerCut } from "./cuttable-redis.ts";
import { syncedBytes } from "./synced-bytes.ts";

/**
 * What a power cut of the Redis machine costs, simulated on a real redis-server.
 *
 * A kill alone shows nothing: what a killed process has written is in the page cache and survives it. So the server is
 * killed in the middle of its work, and then its append-only file is cut back to what was on the disk for certain. Two ways
 * to know that:
 *
 * 1. *Traced.* strace writes down every write to the file and every fdatasync of it, in their order. On the disk for certain
 *    is what was written before a sync began that has ended; everything else is taken away. The kernel may have stored more
 *    by itself, so no real power cut leaves less. The traced server makes no promise here: it is watched.
 * 2. *Promised*, where there is no strace or the container forbids it. One writer, so that nothing is under way when its
 *    command is acknowledged, and the file's size at that moment. What Redis promises of it is kept: with `always` all of it,
 *    with `everysec` what is older than two seconds. Weaker, for it believes Redis; our own side is tested all the same:
 *    that nothing is acknowledged before Redis has answered, and that everything works on from a file cut there.
 *
 * Every other cut leaves a part of what was not synced, so that the file ends in the middle of a command. Not simulated: a
 * disk that reports a sync it has not done.
 */
const TRACED = canTrace();

const ALWAYS_CUTS = Array.from({ length: 24 }, (_, index) => index + 1);
/** One of these will do; a machine that syncs at just the right moment every time does not exist. */
const EVERYSEC_CUTS_AT_MOST = 10;

const SETTINGS: LedgerSettings = {
  budgetMicros: null,
  leaseMaxMs: 3_600_000,
  submitDeadlineMs: 3_600_000,
  billFailedTasks: false,
};
const ACCOUNTS = [{ name: "default", concurrency: 1_000_000, rate: 1_000_000 }];
const ORDER = orderSchema.parse({
  input: { mode: "master-text-to-video", prompt: "a lake before the storm", duration: 5 },
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** What a caller, a submitting worker and a storing worker were told is safe. */
type Acknowledged = {
  orders: { videoId: string; idempotencyKey: string }[];
  intents: AttemptKey[];
  answers: { attempt: AttemptKey; taskId: string }[];
};

type Loss = { orders: number; intents: number; answers: number };

async function connect(url: string, prefix: string): Promise<{ ledger: Ledger; producer: Producer }> {
  const redis = openProducerConnection(url);
  const queues = openWakeQueues(redis, prefix);
  cleanups.push(async () => {
    await queues.close();
    redis.disconnect();
  });
  await untilTrue(() => redis.status === "ready" || redis.status);
  const ledger = createLedger(redis, prefix, SETTINGS);
  return { ledger, producer: createProducer({ ledger, queues, onProblem: () => {} }) };
}

/** Writers order, claim and store answers until the power goes, in the middle of their work. */
async function workUntilCut(
  appendFsync: AppendFsync,
  seed: number,
  prefix: string,
): Promise<{ acknowledged: Acknowledged; cut: PowerCut }> {
  const random = createRandom(seed);
  const cutAfter = 10 + Math.floor(random() * 90);
  const delayMs = random() * 20;
  const torn = seed % 2 === 0 ? random() : 0;
  const server = await startCuttableRedis(appendFsync, TRACED);
  cleanups.push(() => server.stop());
  const { ledger, producer } = await connect(server.url, prefix);

  const acknowledged: Acknowledged = { orders: [], intents: [], answers: [] };
  let losing: Promise<void> | undefined;
  const noteOne = (): void => {
    server.noteAcknowledged();
    const { orders, intents, answers } = acknowledged;
    // A moment later, so that it is no moment of anybody's choice: writers are where they are when the power goes.
    if (orders.length + intents.length + answers.length >= cutAfter)
      losing ??= sleep(delayMs).then(() => server.losePower());
  };

  async function write(writer: number): Promise<void> {
    for (let turn = 0; ; turn += 1) {
      const idempotencyKey = `writer-${writer}-order-${turn}`;
      const admission = await producer.orderVideo({
        order: ORDER,
        owner: `caller-${writer}`,
        idempotencyKey,
      });
      if (admission.kind !== "admitted") throw new Error(`an order was ${admission.kind}`);
      acknowledged.orders.push({ videoId: admission.videoId, idempotencyKey });
      noteOne();
      const claim = await ledger.claimSubmission(ACCOUNTS);
      if (claim.kind !== "claimed") continue;
      acknowledged.intents.push(claim);
      noteOne();
      if (turn % 2 === 1) continue;
      const taskId = `task-${claim.videoId}`;
      await ledger.learnAnswer(claim, { fact: "accepted", taskId, firstLookMs: 60_000 });
      acknowledged.answers.push({ attempt: claim, taskId });
      noteOne();
    }
  }

  const writers = Array.from({ length: server.writers }, (_, writer) =>
    write(writer).catch((error: unknown) => {
      // Whoever was under way when the power went gets an error, and no acknowledgement.
      if (losing === undefined) throw error;
    }),
  );
  await Promise.all(writers);
  await losing;
  return { acknowledged, cut: await server.cutFile(torn) };
}

async function countLost(ledger: Ledger, { orders, intents, answers }: Acknowledged): Promise<Loss> {
  const readings = await ledger.readMany(orders.map(({ videoId }) => videoId));
  const records = new Map(readings.map(({ record }) => [record.id, record]));
  const attemptOf = ({ videoId, number, secret }: AttemptKey) =>
    records.get(videoId)?.attempts.find((attempt) => attempt.number === number && attempt.secret === secret);
  return {
    orders: orders.filter(({ videoId }) => !records.has(videoId)).length,
    intents: intents.filter((intent) => attemptOf(intent) === undefined).length,
    answers: answers.filter(({ attempt, taskId }) => attemptOf(attempt)?.taskId !== taskId).length,
  };
}

async function loseThePower(appendFsync: AppendFsync, seed: number) {
  const prefix = uniquePrefix("power-cut");
  const { acknowledged, cut } = await workUntilCut(appendFsync, seed, prefix);
  const back = await startTestRedis({ dir: cut.dir, appendFsync });
  cleanups.push(() => back.stop());
  const { ledger, producer } = await connect(back.url, prefix);
  return { acknowledged, cut, ledger, producer, lost: await countLost(ledger, acknowledged) };
}

describe("a power cut of Redis in the middle of the work", () => {
  test.each(ALWAYS_CUTS)(
    "always: no acknowledged order, intent or answer is lost, and the ledger works on (cut %i)",
    async (seed) => {
      const { acknowledged, lost, ledger, producer } = await loseThePower("always", seed);
      expect(lost).toEqual({ orders: 0, intents: 0, answers: 0 });

      // A caller whose answer was lost with the power repeats, and nothing is ordered twice.
      for (const { videoId, idempotencyKey } of acknowledged.orders.slice(-3)) {
        const owner = `caller-${idempotencyKey.split("-")[1]}`;
        const again = await producer.orderVideo({ order: ORDER, owner, idempotencyKey });
        expect(again).toEqual({ kind: "replayed", videoId });
      }
      // Each intent that stands is claimed no second time, whoever asks now.
      const claimed = new Set(acknowledged.intents.map(({ videoId }) => videoId));
      const admission = await producer.orderVideo({ order: ORDER, owner: "later", idempotencyKey: "after" });
      expect(admission.kind).toBe("admitted");
      const again: string[] = [];
      for (;;) {
        const claim = await ledger.claimSubmission(ACCOUNTS);
        if (claim.kind !== "claimed") break;
        again.push(claim.videoId);
      }
      expect(again).toContain("videoId" in admission && admission.videoId);
      expect(again.filter((videoId) => claimed.has(videoId))).toEqual([]);
      expect(new Set(again).size).toBe(again.length);
    },
  );

  test("everysec, as the control: the last moments are lost, orders and intents among them", async () => {
    const sum: Loss = { orders: 0, intents: 0, answers: 0 };
    for (let seed = 1; seed <= EVERYSEC_CUTS_AT_MOST; seed += 1) {
      const { lost } = await loseThePower("everysec", seed * 2 - 1);
      sum.orders += lost.orders;
      sum.intents += lost.intents;
      if (sum.orders > 0 && sum.intents > 0) break;
    }
    expect(sum.orders).toBeGreaterThan(0);
    expect(sum.intents).toBeGreaterThan(0);
  });
});

describe("what a trace tells of the disk", () => {
  const trace = (...lines: string[]): number => syncedBytes(lines.join("\n"), ".aof");

  test("only what was written before a sync began that has ended", () => {
    expect(
      trace(
        '1 write(8</d/x.aof>, ""..., 50) = 50',
        "1 fdatasync(8</d/x.aof>) = 0",
        '1 write(8</d/x.aof>, ""..., 7) = 7',
      ),
    ).toBe(50);
    expect(
      trace(
        '1 write(8</d/x.aof>, ""..., 50) = 50',
        "2 fdatasync(8</d/x.aof> <unfinished ...>",
        '1 write(8</d/x.aof>, ""..., 7) = 7',
        "2 <... fdatasync resumed>) = 0",
      ),
    ).toBe(50);
  });

  test("nothing of a sync that never ended, failed, or was another file's", () => {
    const written = '1 write(8</d/x.aof>, ""..., 50) = 50';
    expect(trace(written, "2 fdatasync(8</d/x.aof> <unfinished ...>", "2 +++ killed by SIGKILL +++")).toBe(0);
    expect(trace(written, "2 fdatasync(8</d/x.aof>) = -1 EIO (Input/output error)")).toBe(0);
    expect(trace(written, "2 fdatasync(9</d/x.manifest>) = 0")).toBe(0);
  });
});
