import { OUTBOX_BATCH } from "@rushes/ledger";
import { summarize, type WakeUp } from "@rushes/pipeline";
import { readOrders } from "./read-orders.ts";
import type { RoleParts } from "./role.ts";

/** Wakes webhooks that are owed and whose job seems lost. */
export async function sweepOutbox(
  parts: Pick<RoleParts, "ledger" | "queues" | "logger">,
): Promise<{ isFull: boolean }> {
  const overdue = await parts.ledger.deliveries.claimOverdue();
  if (overdue.length === 0) return { isFull: false };
  const orders = await readOrders(parts.ledger, overdue);
  await parts.queues.wake(
    overdue.flatMap(({ videoId, number, wake }): WakeUp[] => {
      const order = orders.get(videoId);
      if (!order) return [];
      parts.logger.info({ videoId, delivery: number }, "swept: webhook woken");
      const about = summarize(order);
      return [{ stage: "notify", videoId, rev: wake, delivery: number, delayMs: 0, about }];
    }),
  );
  return { isFull: overdue.length >= OUTBOX_BATCH };
}
