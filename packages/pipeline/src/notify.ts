import {
  deliveryId,
  type Deliveries,
  type Delivery,
  type DeliveryAttempt,
  type DeliveryVerdict,
  type WebhookAnswer,
  type Webhooks,
} from "./delivery.ts";
import type { Outcome } from "./outcome.ts";
import type { Reading, Records } from "./records.ts";
import type { StageJob } from "./stage-job.ts";
import { presentVideo } from "./video.ts";
import { webhookBody } from "./webhook-body.ts";
import { nextDeliveryMs } from "./webhook-schedule.ts";

/** So many processes have died over this delivery: the next job does not send but lets the schedule go on. */
const MAX_UNFINISHED = 5;
/** The receiver says that it will never want this again. */
const GONE = 410;

export type NotifyPorts = {
  records: Pick<Records, "read">;
  deliveries: Deliveries;
  webhooks: Webhooks;
  /** The gap after each failed attempt; when they are used up, the delivery is given up. */
  settings: { retryGapsMs: readonly number[] };
  random: () => number;
};

/**
 * One attempt at one delivery. A receiver may get the same one more than once (a process that dies between the POST and
 * its record), always with the same id and the same bytes. Only 2xx counts; every other end of the attempt moves the
 * schedule on, so that nothing is tried for ever.
 */
export async function notify(job: StageJob, ports: NotifyPorts): Promise<Outcome> {
  if (job.delivery === undefined) return { kind: "give-up", reason: "the job names no delivery" };
  const reading = await ports.records.read(job.videoId);
  const delivery = reading && (await ports.deliveries.read(job.videoId, job.delivery));
  if (!delivery) return { kind: "advance", log: "no such delivery: nothing to do" };
  if (delivery.state !== "pending")
    return { kind: "advance", log: `delivery is ${delivery.state}: nothing to do` };
  if (job.rev < delivery.wake)
    return { kind: "advance", log: `a newer job (rev ${delivery.wake}) has this delivery` };
  if (delivery.dueMs > reading.nowMs)
    return { kind: "wait", log: "not due yet", delayMs: delivery.dueMs - reading.nowMs };
  if (job.signal.aborted) return { kind: "wait", log: "stopped before the attempt", delayMs: 0 };

  const { event, createdMs } = delivery;
  const video = presentVideo(reading.record, reading.order, reading.nowMs);
  const body = await ports.deliveries.start(delivery, delivery.body ?? webhookBody(event, createdMs, video));
  if (body === null) return { kind: "advance", log: "another job has this delivery" };

  const answer = await attempt(delivery, reading, body, ports.webhooks);
  const verdict = judge(answer, delivery.tries + 1, ports);
  const isFirst = await ports.deliveries.record(delivery, attemptOf(answer, reading.nowMs), verdict);
  const said = `${event}: ${answer.kind === "answered" ? answer.status : `${answer.code}: ${answer.message}`}`;
  if (!isFirst) return { kind: "advance", log: `${said}; another job has recorded this attempt` };
  switch (verdict.state) {
    case "delivered":
      return { kind: "advance", log: `${said}, delivered` };
    case "given_up":
      return { kind: "give-up", reason: `${said}, given up` };
    case "pending":
      return { kind: "wait", log: said, delayMs: verdict.againMs };
  }
}

async function attempt(
  delivery: Delivery,
  { order, nowMs }: Reading,
  body: string,
  webhooks: Webhooks,
): Promise<WebhookAnswer> {
  const failed = (code: string, message: string): WebhookAnswer => ({
    kind: "unanswered",
    code,
    message,
    durationMs: 0,
  });
  if (order.webhook_url === undefined) return failed("webhook_url_missing", "the order names no webhook URL");
  if (delivery.unfinished >= MAX_UNFINISHED)
    return failed(
      "interrupted",
      `${delivery.unfinished} attempts in a row never ended, so this one was left out`,
    );
  const id = deliveryId(delivery.videoId, delivery.number);
  try {
    return await webhooks.deliver({ id, url: order.webhook_url, body, atMs: nowMs });
  } catch (error) {
    // A fault of ours must not make a job that fails for ever: it counts as an attempt like any other.
    return failed("internal_error", error instanceof Error ? error.message : String(error));
  }
}

function judge(answer: WebhookAnswer, tries: number, { settings, random }: NotifyPorts): DeliveryVerdict {
  const status = answer.kind === "answered" ? answer.status : 0;
  if (status >= 200 && status < 300) return { state: "delivered" };
  if (status === GONE) return { state: "given_up" };
  const retryAfterMs = answer.kind === "answered" ? answer.retryAfterMs : undefined;
  const againMs = nextDeliveryMs(tries, settings.retryGapsMs, retryAfterMs, random);
  return againMs === null ? { state: "given_up" } : { state: "pending", againMs };
}

function attemptOf(answer: WebhookAnswer, atMs: number): DeliveryAttempt {
  const { durationMs } = answer;
  switch (answer.kind) {
    case "answered":
      return { atMs, durationMs, status: answer.status, error: null, excerpt: answer.excerpt };
    case "unanswered": {
      const { code, message } = answer;
      return { atMs, durationMs, status: null, error: { code, message }, excerpt: "" };
    }
  }
}
