import { setTimeout as sleep } from "node:timers/promises";
import type { Pace } from "../faults/pace.ts";
import type { HistoryFolder } from "../history/history-folder.ts";
import type { PlannedOrder } from "./order-plan.ts";

const ANSWER_WITHIN_MS = 8_000;
const AGAIN_MS = 250;

/** What a careful caller is told in the end: the video, or that the budget is used up. */
export type Told = { videoId: string } | { refused: number };

/**
 * Orders one video as the documents tell callers to: with a key, and again with the same key until an answer comes. Each
 * acknowledgement is written down the moment it is read.
 */
export async function placeOrder(url: string, folder: HistoryFolder, order: PlannedOrder): Promise<Told> {
  const { key, body } = order;
  const { prompt } = body.input;
  folder.append("orders", { at: Date.now(), event: "sent", key, prompt, maxCharges: body.max_charges });
  for (;;) {
    const answer = await send(url, order);
    const at = Date.now();
    if (answer?.status === 202) {
      folder.append("orders", { at, event: "acknowledged", key, videoId: answer.id });
      return { videoId: answer.id };
    }
    if (answer && answer.status < 500) {
      folder.append("orders", { at, event: "refused", key, status: answer.status });
      return { refused: answer.status };
    }
    await sleep(AGAIN_MS);
  }
}

/** Sends every order at its time, some of them twice at once. */
export async function placeOrders(
  url: string,
  folder: HistoryFolder,
  orders: readonly PlannedOrder[],
  pace: Pace,
): Promise<Told[]> {
  return await Promise.all(
    orders.map(async (order) => {
      await pace.until(order.atMs);
      const [told] = await Promise.all([
        placeOrder(url, folder, order),
        ...(order.isDoubled ? [placeOrder(url, folder, order)] : []),
      ]);
      return told;
    }),
  );
}

/** Undefined where no whole answer came. */
async function send(
  url: string,
  { key, body }: PlannedOrder,
): Promise<{ status: number; id: string } | undefined> {
  try {
    const response = await fetch(`${url}/v1/videos`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const { id = "" } = (await response.json()) as { id?: string };
    return { status: response.status, id };
  } catch {
    return undefined;
  }
}
