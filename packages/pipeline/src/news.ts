import type { Order } from "./order.ts";
import type { Outcome } from "./outcome.ts";
import type { Standing } from "./records.ts";
import { summarize, type WakeUp } from "./wake-up.ts";

/** The wake-up for the delivery that a script has written with its transition; none when nobody asked to be told. */
export function newsOf(videoId: string, standing: Standing, order: Order): readonly WakeUp[] {
  const { delivery } = standing;
  if (delivery === null) return [];
  return [{ stage: "notify", videoId, rev: delivery, delivery, delayMs: 0, about: summarize(order) }];
}

/** A stage's outcome, and the caller is told of the transition that it came from. */
export function withNews(outcome: Outcome, videoId: string, standing: Standing, order: Order): Outcome {
  const news = newsOf(videoId, standing, order);
  return news.length === 0 ? outcome : { ...outcome, next: [...(outcome.next ?? []), ...news] };
}
