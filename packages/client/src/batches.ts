import { createHash } from "node:crypto";
import type { Order } from "./order.ts";

/** The api takes so many orders in one request, and 16 MiB; the rest is room for the brackets. */
const MOST_ORDERS = 1_000;
const MOST_BYTES = 15 * 1024 * 1024;
/** A key may have 255 characters; this leaves room for the number of the batch. */
const LONGEST_KEY = 240;

export type Batch = {
  /** From 1. */
  number: number;
  /** Place of its first order among all, from 0. */
  offset: number;
  /** The orders as JSON. */
  orders: readonly string[];
};

/**
 * Cuts orders into batches, in their order. The same orders are always cut alike: a repeat under the same key depends on
 * it, so these numbers are a promise and not a matter of taste.
 */
export async function* cutBatches(
  orders: Iterable<Order> | AsyncIterable<Order>,
  { mostOrders = MOST_ORDERS, mostBytes = MOST_BYTES } = {},
): AsyncGenerator<Batch> {
  let batch = { number: 1, offset: 0, orders: [] as string[] };
  let bytes = 0;
  for await (const order of orders) {
    const json = JSON.stringify(order);
    const size = Buffer.byteLength(json) + 1;
    const isFull = batch.orders.length === mostOrders || bytes + size > mostBytes;
    if (batch.orders.length > 0 && isFull) {
      yield batch;
      batch = { number: batch.number + 1, offset: batch.offset + batch.orders.length, orders: [] };
      bytes = 0;
    }
    batch.orders.push(json);
    bytes += size;
  }
  if (batch.orders.length > 0) yield batch;
}

/** The key of one batch, made from the caller's: the same for the same batch whenever it is sent. */
export function batchKey(key: string, number: number): string {
  const short = key.length > LONGEST_KEY ? createHash("sha256").update(key).digest("hex") : key;
  return `${short}.${number}`;
}
