import { summarize, type WakeUp } from "@rushes/pipeline";
import { readOrders } from "./read-orders.ts";
import type { RoleParts } from "./role.ts";

/** Wakes what no phase stands for: extra charges, wanted adoptions, and files that are wanted again. */
export async function sweepWatched({ ledger, queues }: Pick<RoleParts, "ledger" | "queues">): Promise<void> {
  const watched = await ledger.claimWatched();
  if (watched.length === 0) return;
  const orders = await readOrders(ledger, watched);
  await queues.wake(
    watched.flatMap(({ videoId, rev, stages }) => {
      const order = orders.get(videoId);
      if (!order) return [];
      return stages.map((stage): WakeUp => {
        const errand = stage === "poll" ? "watch" : "rearchive";
        return { stage, errand, videoId, rev, delayMs: 0, about: summarize(order) };
      });
    }),
  );
}
