import {
  describeView,
  MOST_SAMPLES,
  type AccountStanding,
  type FailedVideo,
  type InFlight,
  type Ledger,
  type LimitSample,
  type MoneyToday,
  type Overview,
  type SeenWorker,
  type Totals,
  WAITING_PHASES,
} from "@rushes/ledger";
import { MODES, type LimitsDescription, type Mode, type Phase } from "@rushes/pipeline";
import { keepRead } from "../pages/kept-read.ts";
import { quantile } from "./quantile.ts";

/** How old the picture may be that people are shown. */
const KEEP_MS = 3_000;
/** Where there are many callers a picture takes more commands, and is kept for so long for each of them. */
const KEEP_PER_OWNER_MS = 200;
/** Samples of a hundred records are read more seldom. */
const KEEP_SAMPLES_MS = 15_000;

export type Percentiles = { count: number; p50: number; p90: number; p99: number };

export type ModePace = { mode: Mode; generation: Percentiles; lag: Percentiles | null };

export type FailureGroup = { class: string; count: number; codes: string[]; newest: FailedVideo };

export type AccountPicture = {
  name: string;
  limits: LimitsDescription;
  standing: AccountStanding;
};

export type Picture = {
  nowMs: number;
  totals: Totals;
  oldestMs: Partial<Record<Phase, number>>;
  doubtSinceMs: number | null;
  money: MoneyToday;
  accounts: AccountPicture[];
  workers: SeenWorker[];
  inFlight: InFlight;
  pace: ModePace[];
  failures: FailureGroup[];
};

export type OverviewReader = {
  read(): Promise<Picture>;
  /** By account: the samples after a moment, as of the last `read`. */
  historyAfter(afterMs: number): Record<string, LimitSample[]>;
};

export type OverviewReaderParts = {
  ledger: Pick<Ledger, "readTotals" | "limits" | "readAccount" | "readTime">;
  overview: Overview;
  readWorkers: () => Promise<SeenWorker[]>;
  countOwners: () => Promise<number>;
  /** Milliseconds; any clock that only goes forward. */
  now: () => number;
};

/** What the overview shows, read at most every few seconds however many people look. */
export function createOverviewReader(parts: OverviewReaderParts): OverviewReader {
  const { ledger, overview, now } = parts;
  const histories = new Map<string, LimitSample[]>();

  async function readAccounts(): Promise<AccountPicture[]> {
    const accounts = await ledger.limits.list();
    return await Promise.all(
      accounts.map(async (account) => {
        const { name } = account;
        const [view, standing] = await Promise.all([
          ledger.limits.read(account),
          ledger.readAccount(name),
          growHistory(name),
        ]);
        return { name, limits: describeView(view), standing };
      }),
    );
  }

  /** Only what is new is read. */
  async function growHistory(account: string): Promise<void> {
    const known = histories.get(account) ?? [];
    const fresh = await ledger.limits.history(account, known.at(-1)?.atMs ?? 0);
    histories.set(account, [...known, ...fresh].slice(-MOST_SAMPLES));
  }

  const readLive = keepRead(
    async () => {
      const [nowMs, owners, totals, oldestMs, doubtSinceMs, money, accounts, workers] = await Promise.all([
        ledger.readTime(),
        parts.countOwners(),
        ledger.readTotals(),
        overview.readOldest(WAITING_PHASES),
        overview.readOldestDoubt(),
        overview.readMoneyToday(),
        readAccounts(),
        parts.readWorkers(),
      ]);
      return { nowMs, owners, totals, oldestMs, doubtSinceMs, money, accounts, workers };
    },
    ({ owners }) => Math.max(KEEP_MS, owners * KEEP_PER_OWNER_MS),
    now,
  );

  const readSamples = keepRead(
    async () => {
      const accounts = await ledger.limits.list();
      const [inFlight, tasks, failed] = await Promise.all([
        overview.readInFlight(accounts.map(({ name }) => name)),
        overview.readEndedTasks(),
        overview.readFailures(),
      ]);
      return { inFlight, pace: paceOf(tasks), failures: groupFailures(failed) };
    },
    () => KEEP_SAMPLES_MS,
    now,
  );

  return {
    async read() {
      const [live, samples] = await Promise.all([readLive(), readSamples()]);
      return { ...live, ...samples };
    },
    historyAfter(afterMs) {
      return Object.fromEntries(
        [...histories].map(([name, samples]) => [name, samples.filter(({ atMs }) => atMs > afterMs)]),
      );
    },
  };
}

function paceOf(tasks: Awaited<ReturnType<Overview["readEndedTasks"]>>): ModePace[] {
  return MODES.flatMap((mode) => {
    const own = tasks.filter((task) => task.mode === mode);
    const generation = percentilesOf(own.map(({ generationMs }) => generationMs));
    const lags = own.flatMap(({ lagMs }) => (lagMs === null ? [] : [lagMs]));
    return generation ? [{ mode, generation, lag: percentilesOf(lags) }] : [];
  });
}

function percentilesOf(values: readonly number[]): Percentiles | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const of = (share: number): number => quantile(sorted, share) ?? 0;
  return { count: values.length, p50: of(0.5), p90: of(0.9), p99: of(0.99) };
}

/** By class, the largest first. */
function groupFailures(failed: readonly FailedVideo[]): FailureGroup[] {
  const groups = new Map<string, FailureGroup>();
  for (const video of failed) {
    const group = groups.get(video.class);
    if (!group) {
      groups.set(video.class, { class: video.class, count: 1, codes: [video.code], newest: video });
      continue;
    }
    group.count += 1;
    if (!group.codes.includes(video.code)) group.codes.push(video.code);
    if (video.endedMs > group.newest.endedMs) group.newest = video;
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count);
}
