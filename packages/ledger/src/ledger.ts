import type { Redis } from "ioredis";
import {
  MODES,
  priceMicros,
  type AccountVerdict,
  type AttemptKey,
  type Mode,
  type Order,
  type Phase,
  type Reading,
  type Records,
  type Standing,
} from "@rushes/pipeline";
import { admit, SWEEP_GRACE_MS, type Admission, type AdmissionRequest } from "./admission.ts";
import { admitBatch, type BatchAdmission, type BatchRequest } from "./batch-admission.ts";
import { createDeliveries, type DeliveryLedger } from "./deliveries.ts";
import { gatherRequests } from "./gather-requests.ts";
import { openLimitBook, type AccountLimits, type LimitBook } from "./limit-book.ts";
import { createLimitedClaims, type LineClaim } from "./limited-claims.ts";
import { listIds, readAll, type ListingQuery } from "./listing.ts";
import { createOperatorVerbs, REARCHIVE_AGAIN_MS, type OperatorVerbs } from "./operator-verbs.ts";
import { createOutlook, type Outlook } from "./outlook.ts";
import { parseRecord } from "./parse-record.ts";
import { milliseconds, readTime } from "./redis-time.ts";
import {
  archiveArguments,
  keyArguments,
  lookArguments,
  problemArguments,
  rearchiveArguments,
  throttleArguments,
  verdictArguments,
} from "./script-arguments.ts";
import { createSubmitSwitch, type SubmitSwitch } from "./submit-switch.ts";
import { readTotals, type Totals } from "./totals.ts";
import { fieldsOf, loadScripts, readScriptFile, rowsOf, type ReadScript, type RunScript } from "./scripts.ts";

/** A queued video whose turn is known to wait in line need not be looked at by the sweep sooner. */
const QUEUED_SWEEP_MS = 300_000;
/** With less than this nothing can be bought. */
const CHEAPEST_MICROS = Math.min(...MODES.flatMap((mode) => [priceMicros(mode, 5), priceMicros(mode, 10)]));
/** A woken video that did not move is woken again after this. */
const SWEEP_AGAIN_MS = 15_000;
/** Overdue records claimed at once by `claimOverdue`. */
export const SWEEP_BATCH = 500;

/** Only bounds what one look at the clock may be old for. */
const READS_AT_ONCE = 100;

export type LedgerSettings = {
  /** Micro-dollars per UTC day; null = no budget. */
  budgetMicros: number | null;
  /** A lease that nobody ends expires after this. */
  leaseMaxMs: number;
  /** From the intent until nobody will answer for it: the whole POST and a margin. */
  submitDeadlineMs: number;
  /** A failed task counts as spent. */
  billFailedTasks: boolean;
  /** Multiplies the times of the limits' controller and between two trials of a closed account; 1 unless given. */
  limitTimeScale?: number;
};

export type Overdue = { videoId: string; phase: Phase; wake: number };

export type AccountWord = "open" | "suspected" | "closed" | "still_closed";

export type AccountStanding = {
  /** Why nothing is submitted there; null = it is open. */
  closed: string | null;
  /** Micro-dollars as last read; null = not known. */
  balanceMicros: number | null;
  /** Its 5xx has been an acceptance before. */
  strict: boolean;
};

/** `rev` makes the ids of the jobs, one for each stage that is to look. */
export type Watched = { videoId: string; rev: number; stages: readonly ("poll" | "archive")[] };

export type Ledger = Records &
  OperatorVerbs & {
    admit(request: Omit<AdmissionRequest, "budgetMicros">): Promise<Admission>;
    /** Admits all of these orders, or none. */
    admitBatch(request: Omit<BatchRequest, "budgetMicros">): Promise<BatchAdmission>;
    /** Webhooks that are owed, and what came of them. */
    deliveries: DeliveryLedger;
    /** What can be said of an order before it is one. */
    outlook: Outlook;
    /** As configured: micro-dollars per UTC day; null = no budget. */
    budgetMicros: number | null;
    readMany(videoIds: readonly string[]): Promise<Reading[]>;
    list(query: ListingQuery): Promise<{ ids: string[]; hasMore: boolean }>;
    /** The head of the fair line with a place at one of these accounts and a written intent. */
    claimSubmission(accounts: readonly AccountLimits[]): Promise<LineClaim>;
    /** What is learned and fixed of the accounts' limits. */
    limits: LimitBook;
    /** Whether new paid work may begin. */
    submitSwitch: SubmitSwitch;
    /** Makes the next look at this task due now, if the video follows it; `hurried` means that a poll is to be woken. */
    hurryLook(attempt: AttemptKey, taskId: string): Promise<Standing>;
    /**
     * What an answer says of the account. The first refusal of key or route is only `suspected` of being the account's; one
     * that another video meets closes it.
     */
    noteAccount(account: string, verdict: AccountVerdict): Promise<AccountWord>;
    /** True for one caller per `everyMs`, over all replicas: that one asks the provider for the balance. */
    takeBalanceTurn(account: string, everyMs: number): Promise<boolean>;
    /**
     * What is left on the account's key, micro-dollars. Too little for the cheapest video closes the account for submits;
     * a balance that has risen opens one that was closed for its balance.
     */
    noteBalance(account: string, micros: number): Promise<"noted" | "closed" | "opened">;
    /** How an account stands. */
    readAccount(account: string): Promise<AccountStanding>;
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
    /**
     * Claims overdue watches: videos with extra charges or a wanted adoption, for a poll job of errand `watch`, and those
     * whose files are wanted again, for an archive job of errand `rearchive`.
     */
    claimWatched(): Promise<Watched[]>;
    /** Deletes up to `most` records that ended more than `keepMs` ago. Returns how many. */
    forgetEnded(keepMs: number, most: number): Promise<number>;
    /** What gauges show. */
    readTotals(): Promise<Totals>;
    /** Places taken at an account. */
    countInflight(account: string): Promise<number>;
    /** The record's transitions, oldest first, after the given rev. */
    readEvents(videoId: string, afterRev?: number): Promise<LedgerEvent[]>;
    /** The same without the first so many: none is ever taken away or put in between. */
    readEventsFrom(videoId: string, skipped: number): Promise<LedgerEvent[]>;
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
  const onRecord = recordRunner(run, prefix);
  const limits = openLimitBook(redis, run, prefix, settings.limitTimeScale ?? null);
  /** Accounts that were not closed at this process' last claim: an acceptance is no news of them. */
  const calm = new Set<string>();

  return {
    deliveries: createDeliveries(redis, run, prefix),
    outlook: createOutlook(redis, prefix, limits),
    budgetMicros: settings.budgetMicros,

    admit: (request) => admit(run, prefix, { ...request, budgetMicros: settings.budgetMicros }),
    admitBatch: (request) => admitBatch(run, prefix, { ...request, budgetMicros: settings.budgetMicros }),

    read: readGathered(redis, prefix),
    readMany: (videoIds) => readReadings(redis, prefix, videoIds),
    list: (query) => listIds(redis, prefix, query),

    claimSubmission: createLimitedClaims(run, prefix, limits, settings, (account, isCalm) => {
      if (isCalm) calm.add(account);
      else calm.delete(account);
    }),
    limits,
    submitSwitch: createSubmitSwitch(redis, run, prefix),

    async noteAccount(account, verdict) {
      if (verdict.kind === "open" && calm.has(account)) return "open";
      calm.delete(account);
      const args = verdictArguments(verdict, settings);
      const reply = await run("close-account", `${prefix}:account:${account}`, [
        account,
        verdict.kind,
        ...args,
      ]);
      return fieldsOf(reply)["result"] as AccountWord;
    },

    async takeBalanceTurn(account, everyMs) {
      const turn = `${prefix}:balance-turn:${account}`;
      return (await redis.set(turn, "1", "PX", Math.max(1, Math.ceil(everyMs)), "NX")) === "OK";
    },
    async noteBalance(account, micros) {
      const reply = fieldsOf(
        await run("note-balance", `${prefix}:account:${account}`, [account, micros, CHEAPEST_MICROS]),
      );
      return reply["result"] as "noted" | "closed" | "opened";
    },
    async readAccount(account) {
      const fields = await redis.hmget(`${prefix}:account:${account}`, "closed", "balance", "strict");
      const [closed, balance, strict] = fields;
      return {
        closed: closed || null,
        balanceMicros: balance ? Number(balance) : null,
        strict: strict === "1",
      };
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
        ...throttleArguments(fact),
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

    recordRearchive: (attempt, taskId, fact) =>
      onRecord("record-rearchive", attempt.videoId, [
        ...keyArguments(attempt),
        taskId,
        ...rearchiveArguments(fact),
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
      return rowsOf(flat, 3).map(([videoId = "", phase, wake]) => ({
        videoId,
        phase: phase as Phase,
        wake: Number(wake),
      }));
    },

    cancel: (videoId) => onRecord("cancel-video", videoId, []),
    ...createOperatorVerbs(redis, prefix, settings, onRecord),
    async claimWatched() {
      const args = [SWEEP_BATCH, SWEEP_AGAIN_MS, REARCHIVE_AGAIN_MS];
      const flat = await run("claim-watched", `${prefix}:watched`, args);
      return rowsOf(flat, 3).map(([videoId = "", rev, stages = ""]) => ({
        videoId,
        rev: Number(rev),
        stages: stages.split(",") as Watched["stages"],
      }));
    },

    async forgetEnded(keepMs, most) {
      return Number(fieldsOf(await run("forget-ended", `${prefix}:ended`, [keepMs, most]))["count"]);
    },

    readTotals: () => readTotals(redis, prefix),
    async countInflight(account) {
      return await redis.zcount(`${prefix}:leases:${account}`, await readTime(redis), "+inf");
    },

    async readEvents(videoId, afterRev = 0) {
      const entries = await redis.lrange(`${prefix}:history:${videoId}`, 0, -1);
      return entries.map(parseEvent).filter(({ rev }) => rev > afterRev);
    },

    async readEventsFrom(videoId, skipped) {
      const entries = await redis.lrange(`${prefix}:history:${videoId}`, skipped, -1);
      return entries.map(parseEvent);
    },

    readTime: () => readTime(redis),
  };
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
      chargedMicros: Number(reply["charged"] ?? 0),
      delivery: reply["delivery"] === undefined ? null : Number(reply["delivery"]),
      sinceMs: Number(reply["since"] ?? 0),
    };
  };
}

async function readReadings(redis: Redis, prefix: string, videoIds: readonly string[]): Promise<Reading[]> {
  const pipeline = redis.pipeline().time();
  for (const id of videoIds) pipeline.hgetall(`${prefix}:video:${id}`).mget(textKeys(prefix, id));
  const [time, ...answers] = await readAll<unknown>(pipeline);
  const nowMs = milliseconds(time as [string, string]);
  return videoIds.flatMap((id, index) => {
    const fields = answers[index * 2] as Record<string, string>;
    return parseReading(id, fields, answers[index * 2 + 1] as Texts, nowMs) ?? [];
  });
}

/** An event as the scripts write it: rev, time, phase, what, then names and values of its details. */
function parseEvent(json: string): LedgerEvent {
  const [rev, at, phase, what, ...details] = JSON.parse(json) as string[];
  return {
    rev: Number(rev),
    atMs: Number(at),
    phase: phase as Phase,
    what: String(what),
    details: fieldsOf(details),
  };
}

/** Reads of one turn of the event loop share one look at the clock. A record that cannot be read fails its own read only. */
function readGathered(redis: Redis, prefix: string): (videoId: string) => Promise<Reading | null> {
  return gatherRequests(async (ids) => {
    // Single commands that leave together: making a pipeline object costs as much as several of them.
    const clock = redis.time();
    return await Promise.allSettled(
      ids.map(async (id) => {
        const [time, fields, texts] = await Promise.all([
          clock,
          redis.hgetall(`${prefix}:video:${id}`),
          redis.mget(textKeys(prefix, id)),
        ]);
        return parseReading(id, fields, texts, milliseconds(time));
      }),
    );
  }, READS_AT_ONCE);
}

/** What belongs to a record and is too long for its hash: the order, and the files. */
type Texts = readonly (string | null)[];

function textKeys(prefix: string, id: string): string[] {
  return [`${prefix}:order:${id}`, `${prefix}:files:${id}`];
}

function parseReading(
  id: string,
  fields: Readonly<Record<string, string>>,
  [order, fileLines]: Texts,
  nowMs: number,
): Reading | null {
  if (!fields["phase"] || !order) return null;
  return { record: parseRecord(id, fields, fileLines ?? null), order: JSON.parse(order) as Order, nowMs };
}
