import { deliveryId, type Deliveries } from "@rushes/pipeline";
import type { Logger, Metrics, WebhookResult } from "@rushes/telemetry";

/** Deliveries as the notify stage sees them, with every recorded attempt counted and logged. */
export function observeDeliveries(deliveries: Deliveries, logger: Logger, metrics: Metrics): Deliveries {
  return {
    ...deliveries,
    async record(delivery, attempt, verdict) {
      const isFirst = await deliveries.record(delivery, attempt, verdict);
      if (!isFirst) return false;
      const result: WebhookResult = verdict.state === "pending" ? "retry" : verdict.state;
      metrics.webhookDeliveries.inc({ result });
      const { videoId, number, event } = delivery;
      // The answer's body is the caller's own affair: it stands in the delivery's log and not in ours.
      const { status, error, durationMs } = attempt;
      const fields = { videoId, delivery: deliveryId(videoId, number), event, status, ...error, durationMs };
      const again = verdict.state === "pending" ? { againMs: Math.ceil(verdict.againMs) } : {};
      logger[result === "given_up" ? "warn" : "info"]({ ...fields, ...again }, MESSAGES[result]);
      return true;
    },
  };
}

const MESSAGES: Record<WebhookResult, string> = {
  delivered: "webhook delivered",
  retry: "webhook failed and is tried again",
  given_up: "webhook given up; it can be replayed",
};
