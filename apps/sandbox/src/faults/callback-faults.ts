import { HONEST_DELIVERY, type Delivery } from "../delivery.ts";
import type { CallbackFault } from "./fault.ts";

/** An extra that nobody repeats, beside the honest delivery. */
const extra = (change: Partial<Delivery>): Delivery => ({ ...HONEST_DELIVERY, retried: false, ...change });

export const CALLBACK_FAULTS: readonly CallbackFault[] = [
  {
    at: "callback",
    name: "callback:drop",
    does: "No callback is sent.",
    plan: () => [],
  },
  {
    at: "callback",
    name: "callback:duplicate",
    does: "Every callback is sent this many times more, all at once.",
    argument: { name: "count", default: 1 },
    plan: (deliveries, { number }) =>
      deliveries.flatMap((delivery) => Array.from({ length: number + 1 }, () => delivery)),
  },
  {
    at: "callback",
    name: "callback:late",
    does: "Every callback is sent this much later.",
    argument: { name: "delayMs", default: 720_000 },
    plan: (deliveries, { number }) =>
      deliveries.map((delivery) => ({ ...delivery, afterMs: delivery.afterMs + number })),
  },
  {
    at: "callback",
    name: "callback:early",
    does: "The task ends at once, and its callback is sent before the submit is answered.",
    plan: (deliveries) => deliveries.map((delivery) => ({ ...delivery, when: "before-answer" })),
  },
  {
    at: "callback",
    name: "callback:still-processing",
    does: "One more callback comes when the task starts, with the state `processing`.",
    plan: (deliveries) => [extra({ when: "processing", body: "still-processing" }), ...deliveries],
  },
  {
    at: "callback",
    name: "callback:out-of-order",
    does: "One more callback comes after the end, with the state `processing`.",
    argument: { name: "delayMs", default: 5_000 },
    plan: (deliveries, { number }) => [...deliveries, extra({ afterMs: number, body: "still-processing" })],
  },
  {
    at: "callback",
    name: "callback:forged",
    does: "One more callback comes while the task runs: it claims success with somebody else's file.",
    plan: (deliveries) => [extra({ when: "processing", body: "forged" }), ...deliveries],
  },
  {
    at: "callback",
    name: "callback:wrong-token",
    does: "One more callback comes while the task runs, with another last part of the path.",
    plan: (deliveries) => [extra({ when: "processing", body: "forged", to: "wrong-token" }), ...deliveries],
  },
  {
    at: "callback",
    name: "callback:unknown-task",
    does: "One more callback comes while the task runs, for a task nobody ordered.",
    plan: (deliveries) => [extra({ when: "processing", body: "unknown-task" }), ...deliveries],
  },
  {
    at: "callback",
    name: "callback:garbage",
    does: "One more callback comes while the task runs, whose body is not JSON.",
    plan: (deliveries) => [extra({ when: "processing", body: "garbage" }), ...deliveries],
  },
  {
    at: "callback",
    name: "callback:oversized",
    does: "One more callback comes while the task runs, with a body of one megabyte.",
    plan: (deliveries) => [extra({ when: "processing", body: "oversized" }), ...deliveries],
  },
];
