import { summarize, type WakeUp } from "@rushes/pipeline";
import { readOrders } from "./read-orders.ts";
import type { RoleParts } from "./role.ts";

/** Wakes what no phase stands for: extra charges and wanted adoptions. */
export async function sweepWatched({ ledger, queues }: Pick<RoleParts, "ledger" | "queues">): Promise<void> {
  const watched = await ledger.claimWatched();
  if (watched.length === 0) return;
  const orders = await readOrders(ledger, watched);
  await queues.wake(
    watched.flatMap(({ videoId, rev }): WakeUp[] => {
      const order = orders.get(videoId);
      if (!order) return [];
      return [{ stage: "poll", errand: "watch", videoId, rev, delayMs: 0, about: summarize(order) }];
    }),
  );
}
