import { randomBytes } from "node:crypto";
import type { Redis } from "ioredis";
import {
  MODES,
  PHASES,
  type AccountVerdict,
  type AttemptKey,
  type Mode,
  type Order,
  type Phase,
  type Reading,
  type Records,
  type Standing,
  type Submission,
} from "@rushes/pipeline";
import { admit, NO_BUDGET, SWEEP_GRACE_MS, type Admission, type AdmissionRequest } from "./admission.ts";
import { listIds, readAll, type ListingQuery } from "./listing.ts";
import { parseRecord } from "./parse-record.ts";
import {
  archiveArguments,
  keyArguments,
  lookArguments,
  problemArguments,
  verdictArguments,
} from "./script-arguments.ts";
import { fieldsOf, loadScripts, readScriptFile, type ReadScript, type RunScript } from "./scripts.ts";

/** A queued video whose turn is known to wait in line need not be looked at by the sweep sooner. */
const QUEUED_SWEEP_MS = 300_000;
const DAY_MS = 86_400_000;
/** A woken video that did not move is woken again after this. */
const SWEEP_AGAIN_MS = 15_000;
/** Overdue records claimed at once by `claimOverdue`. */
export const SWEEP_BATCH = 500;

export type LedgerSettings = {
  /** Micro-dollars per UTC day; null = no budget. */
  budgetMicros: number | null;
  /** A lease that nobody ends expires after this. */
  leaseMaxMs: number;
  /** From the intent until nobody will answer for it: the whole POST and a margin. */
  submitDeadlineMs: number;
  retryMinMs: number;
  retryMaxMs: number;
  /** A failed task counts as spent. */
  billFailedTasks: boolean;
};

export type LineClaim =
  | ({ kind: "claimed" } & Submission)
  | { kind: "idle" }
  /** `untilMs`: Redis time at which to ask again at the latest; null = only a freed place helps. */
  | { kind: "no_place"; untilMs: number | null };

export type Totals = { phases: Record<Phase, number>; late: number; reservedMicros: number };

export type Overdue = { videoId: string; phase: Phase; wake: number };

export type Ledger = Records & {
  admit(request: Omit<AdmissionRequest, "budgetMicros">): Promise<Admission>;
  readMany(videoIds: readonly string[]): Promise<Reading[]>;
  list(query: ListingQuery): Promise<{ ids: string[]; hasMore: boolean }>;
  /** The head of the fair line with a place at one of these accounts and a written intent. */
  claimSubmission(accounts: readonly { name: string; concurrency: number }[]): Promise<LineClaim>;
  /** Makes the next look at this task due now, if the video follows it; `hurried` means that a poll is to be woken. */
  hurryLook(attempt: AttemptKey, taskId: string): Promise<Standing>;
  noteAccount(account: string, verdict: AccountVerdict): Promise<void>;
  /**
   * Claims overdue records for waking. Those submitting past their deadline become `unconfirmed` on the way.
   * @param waitingTurns submit jobs that wait for a worker: turns are interchangeable, so only missing ones are made up
   */
  claimOverdue(waitingTurns: number): Promise<Overdue[]>;
  /** Marks a submission whose deadline has passed; `early` if it has not. The sweep does the same on its way. */
  expireSubmission(videoId: string): Promise<Standing>;
  /** Keeps the sweep away from a video that is being worked on for long. */
  postponeSweep(videoId: string, phase: Phase, wake: number, laterMs: number): Promise<void>;
  cancel(videoId: string): Promise<Standing>;
  release(videoId: string, attemptsSeen: number, maxCharges: number | null, by: string): Promise<Standing>;
  adopt(videoId: string, taskId: string, by: string): Promise<Standing>;
  writeOff(videoId: string, by: string): Promise<Standing>;
  /** Deletes up to `most` records that ended more than `keepMs` ago. Returns how many. */
  forgetEnded(keepMs: number, most: number): Promise<number>;
  /** What gauges show: videos by phase, late ones, and the money reserved on today's UTC day. */
  readTotals(): Promise<Totals>;
  /** Places taken at an account. */
  countInflight(account: string): Promise<number>;
  /** The record's transitions, oldest first, after the given rev. */
  readEvents(videoId: string, afterRev?: number): Promise<LedgerEvent[]>;
  /** Redis' own clock, milliseconds. */
  readTime(): Promise<number>;
};

export type LedgerEvent = {
  rev: number;
  atMs: number;
  phase: Phase;
  what: string;
  details: Record<string, string>;
};

/**
 * The ledger on a connection that the caller owns and closes.
 * @param read where the scripts come from; tests take a rule out and watch what breaks
 */
export function createLedger(
  redis: Redis,
  prefix: string,
  settings: LedgerSettings,
  read: ReadScript = readScriptFile,
): Ledger {
  const run = loadScripts(redis, prefix, read);
  const budget = settings.budgetMicros ?? NO_BUDGET;
  const onRecord = recordRunner(run, prefix);

  return {
    admit: (request) => admit(run, prefix, { ...request, budgetMicros: settings.budgetMicros }),

    async read(videoId) {
      const [reading] = await readReadings(redis, prefix, [videoId]);
      return reading ?? null;
    },
    readMany: (videoIds) => readReadings(redis, prefix, videoIds),
    list: (query) => listIds(redis, prefix, query),

    async claimSubmission(accounts) {
      const secret = randomBytes(16).toString("hex");
      const reply = fieldsOf(
        await run("claim-submission", `${prefix}:line`, [
          secret,
          settings.submitDeadlineMs,
          settings.leaseMaxMs,
          budget,
          SWEEP_GRACE_MS,
          ...accounts.flatMap(({ name, concurrency }) => [name, concurrency]),
        ]),
      );
      if (reply["result"] === "claimed") return { kind: "claimed", secret, ...parseSubmission(reply) };
      if (reply["result"] === "no_place")
        return { kind: "no_place", untilMs: Number(reply["until"]) || null };
      return { kind: "idle" };
    },

    async noteAccount(account, verdict) {
      const args = verdictArguments(verdict, settings);
      await run("close-account", `${prefix}:account:${account}`, [account, verdict.kind, ...args]);
    },

    learnAnswer: (attempt, fact) =>
      onRecord("learn-answer", attempt.videoId, [
        ...keyArguments(attempt),
        fact.fact,
        fact.fact === "accepted" ? fact.taskId : "",
        fact.fact === "accepted" ? fact.firstLookMs + SWEEP_GRACE_MS : 0,
        settings.leaseMaxMs,
        "backoffMs" in fact ? Math.ceil(fact.backoffMs) : 0,
        SWEEP_GRACE_MS,
        ...problemArguments("problem" in fact ? fact.problem : null),
        attempt.account,
      ]),

    hurryLook: (attempt, taskId) =>
      onRecord("hurry-look", attempt.videoId, [...keyArguments(attempt), taskId, SWEEP_GRACE_MS]),

    expireSubmission: (videoId) => onRecord("expire-submission", videoId, []),

    recordLook: (attempt, taskId, fact) =>
      onRecord("record-look", attempt.videoId, [
        ...keyArguments(attempt),
        taskId,
        ...lookArguments(fact, settings),
      ]),

    recordArchive: (attempt, taskId, fact) =>
      onRecord("record-archive", attempt.videoId, [
        ...keyArguments(attempt),
        taskId,
        ...archiveArguments(fact),
      ]),

    async postponeSweep(videoId, phase, wake, laterMs) {
      await run("postpone-sweep", `${prefix}:video:${videoId}`, [videoId, phase, wake, laterMs]);
    },

    async claimOverdue(waitingTurns) {
      const flat = await run("claim-overdue", `${prefix}:due`, [
        SWEEP_BATCH,
        SWEEP_AGAIN_MS,
        waitingTurns,
        QUEUED_SWEEP_MS,
      ]);
      const overdue: Overdue[] = [];
      for (let i = 0; i + 2 < flat.length; i += 3) {
        overdue.push({ videoId: String(flat[i]), phase: flat[i + 1] as Phase, wake: Number(flat[i + 2]) });
      }
      return overdue;
    },

    cancel: (videoId) => onRecord("cancel-video", videoId, []),
    release: (videoId, attemptsSeen, maxCharges, by) =>
      onRecord("release-video", videoId, [attemptsSeen, maxCharges ?? 0, budget, SWEEP_GRACE_MS, by]),
    adopt: (videoId, taskId, by) => onRecord("adopt-task", videoId, [taskId, settings.leaseMaxMs, by]),
    writeOff: (videoId, by) => onRecord("write-off", videoId, [by]),

    async forgetEnded(keepMs, most) {
      return Number(fieldsOf(await run("forget-ended", `${prefix}:ended`, [keepMs, most]))["count"]);
    },

    async readTotals() {
      const owners = await redis.smembers(`${prefix}:owners`);
      const today = Math.floor((await readTime(redis)) / DAY_MS);
      const pipeline = redis.pipeline();
      for (const phase of PHASES)
        for (const owner of owners) pipeline.zcard(`${prefix}:phase:${phase}:${owner}`);
      pipeline.scard(`${prefix}:late`).hget(`${prefix}:spend:${today}`, "reserved");
      const answers = await readAll<number | string | null>(pipeline);
      const sumOf = (index: number): number =>
        answers
          .slice(index * owners.length, (index + 1) * owners.length)
          .reduce<number>((sum, count) => sum + Number(count), 0);
      return {
        phases: Object.fromEntries(PHASES.map((phase, index) => [phase, sumOf(index)])) as Record<
          Phase,
          number
        >,
        late: Number(answers.at(-2)),
        reservedMicros: Number(answers.at(-1)),
      };
    },
    async countInflight(account) {
      return await redis.zcount(`${prefix}:leases:${account}`, await readTime(redis), "+inf");
    },

    async readEvents(videoId, afterRev = 0) {
      const entries = await redis.xrange(`${prefix}:events:${videoId}`, `(${afterRev}-0`, "+");
      return entries.map(([id, flat]) => {
        const { at, phase, what, ...details } = fieldsOf(flat);
        return {
          rev: Number.parseInt(id, 10),
          atMs: Number(at),
          phase: phase as Phase,
          what: String(what),
          details,
        };
      });
    },

    readTime: () => readTime(redis),
  };
}

async function readTime(redis: Redis): Promise<number> {
  return milliseconds(await redis.time());
}

/** Redis tells the time as seconds and the microseconds within. */
function milliseconds([seconds, micros]: readonly (string | number)[]): number {
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

function recordRunner(run: RunScript, prefix: string) {
  return async (
    name: Parameters<RunScript>[0],
    videoId: string,
    args: readonly (string | number)[],
  ): Promise<Standing> => {
    const reply = fieldsOf(await run(name, `${prefix}:video:${videoId}`, [videoId, ...args]));
    return {
      result: String(reply["result"]),
      phase: (reply["phase"] ?? "failed") as Phase,
      rev: Number(reply["rev"] ?? 0),
      wake: Number(reply["wake"] ?? 0),
      mode: (reply["mode"] ?? MODES[0]) as Mode,
      priceMicros: Number(reply["price"] ?? 0),
      sinceMs: Number(reply["since"] ?? 0),
    };
  };
}

async function readReadings(redis: Redis, prefix: string, videoIds: readonly string[]): Promise<Reading[]> {
  const pipeline = redis.pipeline().time();
  for (const id of videoIds) pipeline.hgetall(`${prefix}:video:${id}`).get(`${prefix}:order:${id}`);
  const [time, ...answers] = await readAll<unknown>(pipeline);
  const nowMs = milliseconds(time as [string, string]);
  return videoIds.flatMap((id, index) => {
    const fields = answers[index * 2] as Record<string, string>;
    const order = answers[index * 2 + 1] as string | null;
    if (!fields["phase"] || order === null) return [];
    return [{ record: parseRecord(id, fields), order: JSON.parse(order) as Order, nowMs }];
  });
}

function parseSubmission(reply: Record<string, string>): Omit<Submission, "secret"> {
  return {
    videoId: String(reply["id"]),
    number: Number(reply["attempt"]),
    account: String(reply["account"]),
    order: JSON.parse(String(reply["order"])) as Order,
    wake: Number(reply["wake"]),
    attempts: Number(reply["attempts"]),
  };
}
