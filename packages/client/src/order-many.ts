import { batchKey, cutBatches, type Batch } from "./batches.ts";
import type { HttpCalls } from "./http-calls.ts";
import type { Order } from "./order.ts";
import { placeOf } from "./read-problem.ts";
import { RushesError } from "./rushes-error.ts";
import type { Video } from "./video.ts";

export type OrderManyOptions = {
  /** Made up unless given. With your own, the same call repeated orders nothing twice, also after a crash of yours. */
  idempotencyKey?: string | undefined;
  /** Called after each batch, once its orders are safe. */
  onBatch?: ((videos: readonly Video[]) => void) | undefined;
  signal?: AbortSignal | undefined;
};

/**
 * Orders one batch after the other. Each batch is ordered whole or not at all; the first that is refused ends it.
 *
 * @throws RushesError with `ordered`, the videos of the batches before
 */
export async function orderBatches(
  calls: Pick<HttpCalls, "ask">,
  orders: Iterable<Order> | AsyncIterable<Order>,
  key: string,
  { onBatch, signal }: OrderManyOptions,
): Promise<Video[]> {
  const ordered: Video[] = [];
  for await (const batch of cutBatches(orders)) {
    try {
      const { data } = await calls.ask<{ data: Video[] }>({
        method: "POST",
        path: "/v1/videos/batch",
        headers: { "idempotency-key": batchKey(key, batch.number) },
        body: `{"videos":[${batch.orders.join(",")}]}`,
        isRepeatable: true,
        signal,
      });
      ordered.push(...data);
      onBatch?.(data);
    } catch (error) {
      if (!(error instanceof RushesError)) throw error;
      throw Object.assign(amongAll(error, batch), { idempotencyKey: key, ordered });
    }
  }
  return ordered;
}

/** The api counts within the batch, the caller over all orders. */
function amongAll(error: RushesError, { offset }: Batch): RushesError {
  if (offset === 0 || error.errors.length === 0) return error;
  const errors = error.errors.map((one) => ({
    ...one,
    item: one.item === null ? null : one.item + offset,
  }));
  const [said = ""] = error.message.split("\n");
  const fields = errors.map(({ field, message, item }) => `\n  ${placeOf(field, item)}: ${message}`);
  const { status, requestId, retryAfterMs, isUnsure } = error;
  const details = { status, requestId, retryAfterMs, isUnsure, errors, cause: error };
  return new RushesError(error.code, said + fields.join(""), details);
}
