import type { Redis } from "ioredis";
import {
  createLimits,
  describeLimits,
  noteAccepted,
  noteFinished,
  noteLookRefused,
  noteNotSent,
  noteRefused,
  noteUnanswered,
  pinLimits,
  type LimitContext,
  type LimitsDescription,
  type LimitState,
  type RefusalHint,
} from "@rushes/pipeline";
import { readLimitHistory, sampleLimits, type LimitSample } from "./limit-history.ts";
import { milliseconds } from "./redis-time.ts";
import type { RunScript } from "./scripts.ts";

/** What an account allows, as configured. Each is learned where it is not given. */
export type AccountLimits = {
  name: string;
  /** Tasks in flight. */
  concurrency?: number | undefined;
  /** Requests per `rateWindowMs` (a minute unless given). */
  rate?: number | undefined;
  rateWindowMs?: number | undefined;
};

/** What a person has fixed while all runs; `null` = learned, whatever is configured; missing = as configured. */
export type PinnedLimits = {
  concurrency?: number | null | undefined;
  rate?: number | null | undefined;
  rateWindowMs?: number | null | undefined;
};

/** An account's limits at one moment, what happened since the state was written folded in. Plain data, a copy. */
export type LimitsView = {
  /** Redis time, milliseconds. */
  nowMs: number;
  state: LimitState;
  /** Of the state in Redis, which changes only where it still has this version; '' = there is none yet. */
  version: string;
  /** Notes in Redis that are folded in. */
  folded: number;
  pinned: PinnedLimits;
  /** Closed for a reason that has nothing to do with limits: the next trial is at this Redis time. */
  closedUntilMs: number | null;
};

export type LimitBook = {
  read(account: AccountLimits): Promise<LimitsView>;
  /** Writes what was learned, so that the notes do not grow where nobody claims. */
  fold(account: AccountLimits): Promise<void>;
  /** A look at a running task met a 429. */
  noteLookRefused(account: string, retryAfterMs: number | undefined): Promise<void>;
  /**
   * Fixes limits from now on, over all replicas, or gives them back to learning. Replaces what was fixed before.
   * @param by who did it, for the audit log
   */
  pin(account: string, pinned: PinnedLimits, by: string): Promise<void>;
  /** Tells those who do not submit which accounts there are, and what is configured of their limits. */
  announce(accounts: readonly AccountLimits[]): Promise<void>;
  /** The accounts that workers have announced, by name. */
  list(): Promise<AccountLimits[]>;
  /** Notes how all accounts' limits stand, if nobody has within `everyMs`. True: this call did. */
  sample(everyMs: number): Promise<boolean>;
  /** What was noted of an account after a moment, oldest first: the last three hours at most. */
  history(account: string, afterMs: number): Promise<LimitSample[]>;
};

const DEFAULT_WINDOW_MS = 60_000;

/**
 * The limits of all accounts in Redis. Scripts leave a note of every answer and every end beside what they change; the
 * state itself is written by who claims next, by compare-and-set (`claim-submission.lua`), with those notes folded in.
 * So nothing is lost with a process, and replicas behave as one.
 * @param timeScale multiplies every duration inside the controller; null = whatever those who submit have set
 */
export function openLimitBook(
  redis: Redis,
  run: RunScript,
  prefix: string,
  timeScale: number | null,
): LimitBook {
  const stateKey = (account: string): string => `${prefix}:limits:${account}`;
  const notesKey = (account: string): string => `${prefix}:limit-notes:${account}`;

  async function read(account: AccountLimits): Promise<LimitsView> {
    const { name } = account;
    const [time, [json, version, pinnedJson], notes, [closed, trialAt]] = await Promise.all([
      redis.time(),
      redis.hmget(stateKey(name), "state", "version", "pinned"),
      redis.lrange(notesKey(name), 0, -1),
      redis.hmget(`${prefix}:account:${name}`, "closed", "trial_at"),
    ]);
    const pinned = pinnedJson ? (JSON.parse(pinnedJson) as PinnedLimits) : {};
    const state = json ? (JSON.parse(json) as LimitState) : createLimits({ timeScale: timeScale ?? 1 });
    // A process that was started with another scale goes on with what was learned.
    state.scale = timeScale ?? state.scale;
    pinLimits(state, fixedOf(account, pinned));
    for (const note of notes) foldNote(state, note);
    return {
      nowMs: milliseconds(time),
      state,
      version: version ?? "",
      folded: notes.length,
      pinned,
      closedUntilMs: closed ? Number(trialAt) : null,
    };
  }

  async function list(): Promise<AccountLimits[]> {
    const rows = Object.values(await redis.hgetall(`${prefix}:accounts`));
    const accounts = rows.map((row) => JSON.parse(row) as AccountLimits);
    return accounts.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  return {
    read,
    async fold(account) {
      const { state, version, folded } = await read(account);
      if (folded > 0) {
        const args = [account.name, version, JSON.stringify(state), folded];
        await run("fold-limits", stateKey(account.name), args);
      }
    },
    async noteLookRefused(account, retryAfterMs) {
      await run("note-look-refused", stateKey(account), [account, retryAfterMs ?? ""]);
    },
    async pin(account, pinned, by) {
      await run("pin-limits", stateKey(account), [account, JSON.stringify(pinned), by]);
    },
    async announce(accounts) {
      const fields = accounts.flatMap((account) => [account.name, JSON.stringify(account)]);
      if (fields.length > 0) await redis.hset(`${prefix}:accounts`, fields);
    },
    list,
    sample: (everyMs) => sampleLimits(redis, prefix, { read, list }, everyMs),
    history: (account, afterMs) => readLimitHistory(redis, prefix, account, afterMs),
  };
}

/** What people and metrics are shown of an account's limits. */
export function describeView({ state, nowMs }: LimitsView): LimitsDescription {
  return describeLimits(state, { nowMs, random: Math.random });
}

function fixedOf(account: AccountLimits, pinned: PinnedLimits): Parameters<typeof pinLimits>[1] {
  const concurrency = (pinned.concurrency === undefined ? account.concurrency : pinned.concurrency) ?? null;
  const rate = (pinned.rate === undefined ? account.rate : pinned.rate) ?? null;
  const windowMs =
    (pinned.rateWindowMs === undefined ? account.rateWindowMs : pinned.rateWindowMs) ?? DEFAULT_WINDOW_MS;
  return {
    ...(concurrency === null ? {} : { fixedConcurrency: concurrency }),
    ...(rate === null ? {} : { fixedRate: rate, fixedWindowMs: windowMs }),
  };
}

type Note = (state: LimitState, at: LimitContext, nameMs: number, hint: RefusalHint) => void;

/** What each kind of note tells the controller. */
const NOTES: Readonly<Record<string, Note>> = {
  accepted: noteAccepted,
  refused: noteRefused,
  not_sent: noteNotSent,
  unanswered: noteUnanswered,
  finished: noteFinished,
  look_refused: (state, at, _nameMs, hint) => noteLookRefused(state, at, hint),
};

/** A note is `kind at name hint`, times in milliseconds of Redis time; `tellLimits` in `record.lua` writes them. */
function foldNote(state: LimitState, note: string): void {
  const [kind = "", at, name, hint] = note.split(" ");
  const tell = NOTES[kind];
  if (!tell) throw new Error(`the ledger holds a note on limits that this version does not know: ${kind}`);
  const retryAfter = hint ? { retryAfterMs: Number(hint) } : {};
  tell(state, { nowMs: Number(at), random: Math.random }, Number(name), retryAfter);
}
