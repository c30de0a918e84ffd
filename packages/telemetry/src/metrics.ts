import { dollars, MODES, PHASES, type Mode, type Phase } from "@rushes/pipeline";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { createCollectors, type Collect } from "./collectors.ts";
import type { StatusLabel } from "./status-label.ts";

export const SUBMIT_RESULTS = ["accepted", "refused", "throttled", "not_sent", "unconfirmed"] as const;
export type SubmitResult = (typeof SUBMIT_RESULTS)[number];

/** `retry`: this delivery failed and another follows. `given_up`: none does. */
export const WEBHOOK_RESULTS = ["delivered", "retry", "given_up"] as const;
export type WebhookResult = (typeof WEBHOOK_RESULTS)[number];

/** The calls of `Provider`. */
export const OPERATIONS = ["generateTask", "statusTask", "currentBalance"] as const;
export type Operation = (typeof OPERATIONS)[number];

export type Totals = {
  phases: Record<Phase, number>;
  late: number;
  /** Of today: reserved, and reserved or spent. */
  reservedMicros: number;
  spentMicros: number;
  /** Per day; null = no budget. */
  budgetMicros: number | null;
  unconfirmedMicros: number;
  /** Null: nothing waits to be archived. */
  oldestResultAgeMs: number | null;
  webhooksPending: number;
  /** Null: submissions go on. */
  submitPause: object | null;
};

/** Handles that take exactly the labels a metric has, each from a closed list: no id, prompt or URL gets in. */
export type Counting<Labels> = { inc(labels: Labels, by?: number): void };
export type Gauging<Labels> = {
  set(labels: Labels, value: number): void;
  /** What has no value any more has no sample. */
  remove(labels: Labels): void;
};
export type Timing<Labels> = { observe(labels: Labels, seconds: number): void };

export type Metrics = {
  videos: Gauging<{ phase: Phase }>;
  submitAttempts: Counting<{ result: SubmitResult }>;
  providerRequests: Counting<{ operation: Operation; status: StatusLabel }>;
  providerRequestDuration: Timing<{ operation: Operation }>;
  /** `account` is the configured name of an account, never its key. */
  inflight: Gauging<{ account: string }>;
  inflightLimit: Gauging<{ account: string }>;
  rateLimit: Gauging<{ account: string }>;
  lookStretch: Gauging<{ account: string }>;
  balance: Gauging<{ account: string }>;
  accountOpen: Gauging<{ account: string }>;
  /** `role` is one of the worker's five. */
  roleUp: Gauging<{ role: string }>;
  generationDuration: Timing<{ mode: Mode }>;
  pollLag: { observe(seconds: number): void };
  timeToArchive: { observe(seconds: number): void };
  archiveBytes: { inc(bytes: number): void };
  /** Null: nothing waits to be archived, and there is no sample. */
  archiveDeadline: { set(seconds: number | null): void };
  unconfirmed: { set(videos: number): void };
  late: { set(videos: number): void };
  callbackRecovered: { inc(): void };
  swept: Counting<{ phase: Phase }>;
  spend: Counting<{ mode: Mode }>;
  reserved: { set(dollars: number): void };
  webhookDeliveries: Counting<{ result: WebhookResult }>;
  /** Sets the gauges that are the same in every process. */
  setTotals(totals: Totals): void;
  /** `collect` sets the gauges that live in Redis. It runs when somebody scrapes, at most once a second. */
  onCollect(collect: Collect): void;
  /** The page a scraper reads. Never rejects because a collect does; then the old values stand. */
  render(): Promise<{ contentType: string; body: string }>;
};

const COLLECT_EVERY_MS = 1000;
/** Well under the 10 s that Prometheus waits for a page unless told otherwise. */
const COLLECT_PATIENCE_MS = 2000;

/** What shares and alerts are computed from. */
const WATCHED_STATUSES = ["200", "429", "none"] as const;

/** From a quick answer to the whole time a submit may take (`SUBMIT_TIMEOUT_MS`, 30 s). */
const REQUEST_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];
/**
 * The provider's page says 60–90 s for 5 s videos and 90–120 s for 10 s videos, so the steps are narrow there; from
 * 900 s (`LATE_AFTER_MS`) on a task is late. The first three are for a sandbox on scaled time.
 */
const GENERATION_SECONDS = [5, 10, 30, 45, 60, 75, 90, 105, 120, 150, 180, 300, 600, 900, 1800, 3600];
/** How far behind its due time a poll is: up to the gap between two polls (10 s), and clearly beyond it. */
const LAG_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
/** From a copy on a fast line to the day after which a result may be gone (`RESULT_PLAN_MS`). */
const ARCHIVE_SECONDS = [0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900, 3600, 21_600, 86_400];

/**
 * Every metric of this system in a registry of its own, besides those of the process. Base units: seconds, bytes,
 * dollars. Each process fills its own counters and histograms; gauges read from Redis are the same in all of them,
 * so take their maximum over the replicas, not their sum.
 */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const about = <Label extends string>(name: string, help: string, ...labelNames: Label[]) => ({
    name: `rushes_${name}`,
    help,
    labelNames,
    registers: [registry],
  });

  const videos = new Gauge(about("videos", "Videos by phase.", "phase"));
  const unconfirmed = new Gauge(about("unconfirmed", "Videos that wait because a submit's answer was lost."));
  const unconfirmedDollars = new Gauge(
    about("unconfirmed_usd", "Dollars that unconfirmed videos may have been charged."),
  );
  const balance = new Gauge(about("balance_usd", "Dollars left on the account's key.", "account"));
  const accountOpen = new Gauge(
    about("account_open", "1 while submits go to the account, 0 while it is closed for them.", "account"),
  );
  const roleUp = new Gauge(about("role_up", "1 while a role of this worker runs, else 0.", "role"));
  const late = new Gauge(about("late", "Videos whose task takes longer than expected."));
  const reserved = new Gauge(about("reserved_usd", "Dollars reserved and not settled."));
  const archiveDeadline = new Gauge(
    about(
      "archive_deadline_seconds",
      "Until the life of the most urgent result that is not archived yet is over; no sample while there is none.",
    ),
  );
  // It begins at 0, which would read as a result that is lost.
  archiveDeadline.remove();
  const spent = new Gauge(about("spent_today_usd", "Dollars reserved or spent on today's UTC day."));
  const budget = new Gauge(about("budget_usd", "Dollars that may be spent per UTC day."));
  // Without a budget there is no sample; a 0 would say that nothing may be ordered.
  budget.remove();
  const archiveWait = new Gauge(
    about("archive_wait_seconds", "How long the oldest result that is not archived yet has existed."),
  );
  const submitPaused = new Gauge(about("submit_paused", "1 while a person has paused submissions, else 0."));
  const webhooksPending = new Gauge(
    about("webhooks_pending", "Webhooks that are owed: neither delivered nor given up."),
  );
  const submitAttempts = new Counter(
    about("submit_attempts_total", "Submits by what came of them.", "result"),
  );
  const spend = new Counter(
    about(
      "spend_usd_total",
      "Dollars for tasks whose end was seen: files, extra charges, failures that are billed.",
      "mode",
    ),
  );
  const swept = new Counter(about("swept_total", "Overdue videos woken by the sweep.", "phase"));
  const webhookDeliveries = new Counter(about("webhook_deliveries_total", "Webhook deliveries.", "result"));
  const collectFailures = new Counter(
    about("collect_failures_total", "Rounds of reading gauges that failed; while it grows, gauges are old."),
  );
  const providerRequests = new Counter(
    about("provider_requests_total", "Requests to the provider by HTTP status.", "operation", "status"),
  );
  // A series that first appears at 1 hides its first event from rate(), so the short lists begin at 0.
  for (const result of SUBMIT_RESULTS) submitAttempts.inc({ result }, 0);
  for (const result of WEBHOOK_RESULTS) webhookDeliveries.inc({ result }, 0);
  for (const phase of PHASES) swept.inc({ phase }, 0);
  for (const mode of MODES) spend.inc({ mode }, 0);
  for (const operation of OPERATIONS) {
    for (const status of WATCHED_STATUSES) providerRequests.inc({ operation, status }, 0);
  }

  const collectors = createCollectors({
    everyMs: COLLECT_EVERY_MS,
    patienceMs: COLLECT_PATIENCE_MS,
    now: () => performance.now(),
    onFailure: () => collectFailures.inc(),
  });

  return {
    videos,
    submitAttempts,
    providerRequests,
    providerRequestDuration: new Histogram({
      ...about("provider_request_duration_seconds", "From sending to the whole answer.", "operation"),
      buckets: REQUEST_SECONDS,
    }),
    inflight: new Gauge(about("inflight", "Places taken among the account's running tasks.", "account")),
    inflightLimit: new Gauge(about("inflight_limit", "Running tasks allowed at once.", "account")),
    rateLimit: new Gauge(about("rate_limit", "Submits allowed per second.", "account")),
    lookStretch: new Gauge(
      about("look_stretch", "How much longer than planned the gaps between looks at tasks are.", "account"),
    ),
    generationDuration: new Histogram({
      ...about(
        "generation_duration_seconds",
        "From the stored submit to the task's end as we saw it.",
        "mode",
      ),
      buckets: GENERATION_SECONDS,
    }),
    pollLag: new Histogram({
      ...about("poll_lag_seconds", "How late a poll ran against its due time."),
      buckets: LAG_SECONDS,
    }),
    timeToArchive: new Histogram({
      ...about("time_to_archive_seconds", "From the task's success as we saw it to the last verified file."),
      buckets: ARCHIVE_SECONDS,
    }),
    archiveBytes: new Counter(about("archive_bytes_total", "Bytes of verified files.")),
    archiveDeadline: {
      set(seconds) {
        if (seconds === null) archiveDeadline.remove();
        else archiveDeadline.set(seconds);
      },
    },
    unconfirmed,
    late,
    callbackRecovered: new Counter(
      about("callback_recovered_total", "Tasks whose id was lost and came back by callback."),
    ),
    swept,
    spend,
    reserved,
    webhookDeliveries,
    balance,
    accountOpen,
    roleUp,
    setTotals(totals) {
      for (const phase of PHASES) videos.set({ phase }, totals.phases[phase]);
      unconfirmed.set(totals.phases.unconfirmed);
      unconfirmedDollars.set(dollars(totals.unconfirmedMicros));
      late.set(totals.late);
      reserved.set(dollars(totals.reservedMicros));
      spent.set(dollars(totals.spentMicros));
      if (totals.budgetMicros !== null) budget.set(dollars(totals.budgetMicros));
      archiveWait.set((totals.oldestResultAgeMs ?? 0) / 1000);
      webhooksPending.set(totals.webhooksPending);
      submitPaused.set(totals.submitPause === null ? 0 : 1);
    },
    onCollect: (collect) => collectors.add(collect),
    async render() {
      await collectors.run();
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}
