import type { Producer } from "@rushes/producer";
import { HttpProblem } from "./http-problem.ts";

/** As while Redis is away, which is how this mostly begins: after its return a look takes milliseconds. */
const RETRY_AFTER_S = "1";

/** Takes orders only while they can be kept: an order admitted to a Redis that may lose it must not be answered 202. */
export function heldProducer(producer: Producer, isSafe: () => boolean): Producer {
  function refuseUnsafe(): void {
    if (isSafe()) return;
    throw new HttpProblem("redis_unavailable", {
      detail:
        "Redis is not known to be safe for orders at this moment; the log of the api says why. Nothing was ordered.",
      headers: { "retry-after": RETRY_AFTER_S },
    });
  }

  return {
    async orderVideo(request) {
      refuseUnsafe();
      return await producer.orderVideo(request);
    },
    async orderBatch(request) {
      refuseUnsafe();
      return await producer.orderBatch(request);
    },
  };
}
