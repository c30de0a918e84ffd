import { randomUUID } from "node:crypto";
import { downloadFile, fetchContent, findContentUrl, type ContentOptions } from "./download-file.ts";
import { createHttpCalls, type ClientSettings } from "./http-calls.ts";
import { listVideos, type ListOptions } from "./list-videos.ts";
import { orderBatches, type OrderManyOptions } from "./order-many.ts";
import type { Estimate, Order } from "./order.ts";
import { RushesError } from "./rushes-error.ts";
import type { Delivery, StoredFile, Video } from "./video.ts";
import { waitForEnd, type WaitOptions } from "./wait-for-end.ts";

export type OrderOptions = {
  /**
   * Your own name for this order, 1 to 255 visible ASCII characters. One is made up unless given, which covers
   * repeats within the call; only your own covers a crash of yours.
   */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
};

export type CallOptions = { signal?: AbortSignal | undefined };

/** All calls may throw `RushesError`, or the reason of a signal that you aborted. */
export type Client = {
  /** Orders a video. Repeated with the same key until the api has answered: it is ordered once. */
  order(order: Order, options?: OrderOptions): Promise<Video>;
  /**
   * Orders any number of videos in batches of up to 1,000, each whole or not at all. The answer has them in the same
   * order; under a key that came before, without those that ended so long ago that they were forgotten.
   */
  orderMany(
    orders: Iterable<Order> | AsyncIterable<Order>,
    options?: OrderManyOptions,
  ): Promise<readonly Video[]>;
  /** What an order would cost, and when it would be done; orders nothing. */
  dryRun(order: Order, options?: CallOptions): Promise<Estimate>;
  get(id: string, options?: CallOptions): Promise<Video>;
  /** Your videos, newest first, page by page as they are read. */
  list(options?: ListOptions): AsyncGenerator<Video, void, undefined>;
  /** Resolves when the video has ended: look at its `status`. */
  wait(id: string, options?: WaitOptions): Promise<Video>;
  /** `order`, then `wait`. */
  subscribe(order: Order, options?: OrderOptions & WaitOptions): Promise<Video>;
  /** Only while nothing can have been charged; else the code is `already_submitted`. Twice is the same as once. */
  cancel(id: string, options?: CallOptions): Promise<Video>;
  /** A link into the bucket that needs no key and is good for minutes. */
  contentUrl(id: string, options?: ContentOptions): Promise<string>;
  /** The file, as the body of an answer. */
  content(id: string, options?: ContentOptions): Promise<Response>;
  /** Stores the file, checked against the recorded size and SHA-256. */
  download(id: string, path: string, options?: ContentOptions): Promise<StoredFile>;
  /** The video's webhooks, with every attempt. */
  deliveries(id: string, options?: CallOptions): Promise<readonly Delivery[]>;
  /** Sends a webhook again. Each call sends it once more, so this one is never repeated by itself. */
  replay(id: string, deliveryId: string, options?: CallOptions): Promise<Delivery>;
};

export function createClient(settings: ClientSettings): Client {
  const calls = createHttpCalls(settings);
  const pathOf = (id: string, rest = ""): string => `/v1/videos/${encodeURIComponent(id)}${rest}`;

  async function order(wanted: Order, { idempotencyKey = randomUUID(), signal }: OrderOptions = {}) {
    try {
      return await calls.ask<Video>({
        method: "POST",
        path: "/v1/videos",
        headers: { "idempotency-key": idempotencyKey },
        body: wanted,
        isRepeatable: true,
        signal,
      });
    } catch (error) {
      throw error instanceof RushesError ? Object.assign(error, { idempotencyKey }) : error;
    }
  }

  const wait: Client["wait"] = (id, options = {}) => waitForEnd(calls, id, options);

  return {
    order,
    orderMany: (orders, options = {}) =>
      orderBatches(calls, orders, options.idempotencyKey ?? randomUUID(), options),
    dryRun: (wanted, { signal } = {}) =>
      calls.ask({
        method: "POST",
        path: "/v1/videos?dry_run=true",
        body: wanted,
        isRepeatable: true,
        signal,
      }),
    get: (id, { signal } = {}) => calls.ask({ path: pathOf(id), isRepeatable: true, signal }),
    list: (options = {}) => listVideos(calls, options),
    wait,
    subscribe: async (wanted, options = {}) => wait((await order(wanted, options)).id, options),
    cancel: (id, { signal } = {}) =>
      calls.ask({ method: "POST", path: pathOf(id, "/cancel"), isRepeatable: true, signal }),
    contentUrl: (id, options = {}) => findContentUrl(calls, id, options),
    content: (id, options = {}) => fetchContent(calls, id, options),
    download: (id, path, options = {}) => downloadFile(calls, id, path, options),
    deliveries: async (id, { signal } = {}) => {
      const path = pathOf(id, "/deliveries");
      return (await calls.ask<{ data: Delivery[] }>({ path, isRepeatable: true, signal })).data;
    },
    replay: (id, deliveryId, { signal } = {}) =>
      calls.ask({
        method: "POST",
        path: pathOf(id, `/deliveries/${encodeURIComponent(deliveryId)}/replay`),
        isRepeatable: false,
        signal,
      }),
  };
}
