import { PHASES, type Phase } from "@rushes/pipeline";
import { expect, test } from "vitest";
import { createMetrics, OPERATIONS, SUBMIT_RESULTS } from "./metrics.ts";
import { statusLabel } from "./status-label.ts";

const page = async (metrics = createMetrics()) => (await metrics.render()).body;

test("every metric that operators rely on is there with its type", async () => {
  const types = Object.fromEntries(
    [...(await page()).matchAll(/^# TYPE (rushes_\w+) (\w+)$/gm)].map(([, name, type]) => [name, type]),
  );
  expect(types).toEqual({
    rushes_videos: "gauge",
    rushes_webhooks_pending: "gauge",
    rushes_archive_wait_seconds: "gauge",
    rushes_budget_usd: "gauge",
    rushes_spent_today_usd: "gauge",
    rushes_submit_paused: "gauge",
    rushes_role_up: "gauge",
    rushes_account_open: "gauge",
    rushes_submit_attempts_total: "counter",
    rushes_provider_requests_total: "counter",
    rushes_provider_request_duration_seconds: "histogram",
    rushes_inflight: "gauge",
    rushes_inflight_limit: "gauge",
    rushes_rate_limit: "gauge",
    rushes_look_stretch: "gauge",
    rushes_generation_duration_seconds: "histogram",
    rushes_poll_lag_seconds: "histogram",
    rushes_time_to_archive_seconds: "histogram",
    rushes_archive_bytes_total: "counter",
    rushes_archive_deadline_seconds: "gauge",
    rushes_unconfirmed: "gauge",
    rushes_unconfirmed_usd: "gauge",
    rushes_balance_usd: "gauge",
    rushes_late: "gauge",
    rushes_callback_recovered_total: "counter",
    rushes_swept_total: "counter",
    rushes_spend_usd_total: "counter",
    rushes_reserved_usd: "gauge",
    rushes_webhook_deliveries_total: "counter",
    rushes_collect_failures_total: "counter",
  });
});

test("the process itself is measured too", async () => {
  expect(await page()).toMatch(/^process_cpu_seconds_total /m);
  expect(await page()).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
});

test("handles count under the names and labels of the page", async () => {
  const metrics = createMetrics();
  metrics.videos.set({ phase: "generating" }, 3);
  metrics.submitAttempts.inc({ result: "accepted" });
  metrics.providerRequests.inc({ operation: "generateTask", status: statusLabel(429) });
  metrics.providerRequestDuration.observe({ operation: "statusTask" }, 0.3);
  metrics.generationDuration.observe({ mode: "pro-image-to-video" }, 80);
  metrics.archiveBytes.inc(1234);
  metrics.spend.inc({ mode: "standard-image-to-video" }, 0.2);
  metrics.callbackRecovered.inc();
  const text = await page(metrics);
  for (const line of [
    'rushes_videos{phase="generating"} 3',
    'rushes_submit_attempts_total{result="accepted"} 1',
    'rushes_submit_attempts_total{result="unconfirmed"} 0',
    'rushes_provider_requests_total{operation="generateTask",status="429"} 1',
    'rushes_provider_request_duration_seconds_bucket{le="0.25",operation="statusTask"} 0',
    'rushes_provider_request_duration_seconds_bucket{le="0.5",operation="statusTask"} 1',
    'rushes_generation_duration_seconds_bucket{le="90",mode="pro-image-to-video"} 1',
    "rushes_archive_bytes_total 1234",
    'rushes_spend_usd_total{mode="standard-image-to-video"} 0.2',
    "rushes_callback_recovered_total 1",
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

test("the most urgent result has a sample only while there is one", async () => {
  const metrics = createMetrics();
  expect(await page(metrics)).not.toMatch(/^rushes_archive_deadline_seconds/m);
  metrics.archiveDeadline.set(86_400);
  expect(await page(metrics)).toContain("rushes_archive_deadline_seconds 86400\n");
  metrics.archiveDeadline.set(-5);
  expect(await page(metrics)).toContain("rushes_archive_deadline_seconds -5\n");
  metrics.archiveDeadline.set(null);
  expect(await page(metrics)).not.toMatch(/^rushes_archive_deadline_seconds/m);
});

test("two sets of metrics in one process do not mix", async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  one.late.set(1);
  expect(await page(one)).toContain("rushes_late 1\n");
  expect(await page(other)).toContain("rushes_late 0\n");
});

test("gauges are filled when somebody scrapes, and a collect that fails is counted on the page", async () => {
  const metrics = createMetrics();
  metrics.onCollect(async () => metrics.unconfirmed.set(4));
  metrics.onCollect(() => Promise.reject(new Error("Redis is away")));
  const { contentType, body } = await metrics.render();
  expect(contentType).toBe("text/plain; version=0.0.4; charset=utf-8");
  expect(body).toContain("rushes_unconfirmed 4\n");
  expect(body).toContain("rushes_collect_failures_total 1\n");
});

test("totals become gauges, and without a budget there is no sample of one", async () => {
  const metrics = createMetrics();
  const phases = Object.fromEntries(PHASES.map((phase, index) => [phase, index])) as Record<Phase, number>;
  const totals = {
    ...{ phases, late: 1, reservedMicros: 2e6, spentMicros: 3.5e6, unconfirmedMicros: 1e6 },
    ...{ oldestResultAgeMs: 90_500, webhooksPending: 4, submitPause: null },
  };
  metrics.setTotals({ ...totals, budgetMicros: null });
  expect(await page(metrics)).not.toMatch(/^rushes_budget_usd /m);
  expect(await page(metrics)).toContain("rushes_submit_paused 0\n");
  metrics.setTotals({ ...totals, budgetMicros: 1e8, submitPause: {} });
  for (const line of [
    'rushes_videos{phase="submitting"} 1',
    "rushes_reserved_usd 2",
    "rushes_spent_today_usd 3.5",
    "rushes_budget_usd 100",
    "rushes_archive_wait_seconds 90.5",
    "rushes_webhooks_pending 4",
    "rushes_submit_paused 1",
  ]) {
    expect(await page(metrics)).toContain(`${line}\n`);
  }
});

test("label values are short words from closed lists", () => {
  for (const value of [...SUBMIT_RESULTS, ...OPERATIONS]) expect(value).toMatch(/^[a-zA-Z_]{1,20}$/);
});
