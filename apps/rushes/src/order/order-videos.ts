import type { Order, Video } from "@rushes/client";
import { EXIT } from "../exit-codes.ts";
import { dollarText } from "../operate/video-lines.ts";
import type { Asking } from "./ask-api.ts";
import { endLine, estimateLine } from "./caller-lines.ts";
import { followVideos } from "./follow-videos.ts";

/** One order, or as many as a file has. */
export type Wanted = { one: Order } | { many: readonly Order[] };

export type OrderWish = {
  idempotencyKey: string | undefined;
  isDryRun: boolean;
  waits: boolean;
  timeoutMs: number;
  asJson: boolean;
};

/** Orders what is wanted. Standard output has an id a line, or how each ended, or JSON. */
export async function orderVideos(asking: Asking, wanted: Wanted, wish: OrderWish): Promise<number> {
  if (wish.isDryRun) return await estimateOrders(asking, wanted, wish);
  const { say, aside } = asking;
  const tell = (video: Video): void => {
    if (!wish.waits) say(wish.asJson ? JSON.stringify(video) : video.id);
  };
  const videos = await place(asking, wanted, wish.idempotencyKey, tell);
  if (videos.length === 0) {
    aside.say("There is no order in it.");
    return EXIT.usage;
  }
  const price = dollarText(videos.reduce((sum, { cost }) => sum + cost.reserved_usd + cost.billed_usd, 0));
  const [first] = videos;
  aside.say(
    videos.length === 1 ? `Ordered ${first?.id}, ${price}.` : `Ordered ${videos.length} videos, ${price}.`,
  );
  if (!wish.waits) return EXIT.ok;
  return await waitForAll(
    asking,
    videos.map(({ id }) => id),
    wish,
  );
}

/** Says how each ended. Exit code 0 when all are completed. */
export async function waitForAll(
  { rushes, say, aside }: Asking,
  ids: readonly string[],
  { asJson, timeoutMs }: Pick<OrderWish, "asJson" | "timeoutMs">,
): Promise<number> {
  const ended = await followVideos(ids, {
    rushes,
    aside,
    timeoutMs,
    onEnd: (video) => say(asJson ? JSON.stringify(video) : endLine(video)),
  });
  return ended.every(({ status }) => status === "completed") ? EXIT.ok : EXIT.failed;
}

async function place(
  { rushes }: Asking,
  wanted: Wanted,
  idempotencyKey: string | undefined,
  tell: (video: Video) => void,
): Promise<readonly Video[]> {
  if ("many" in wanted) {
    const onBatch = (batch: readonly Video[]): void => batch.forEach(tell);
    return await rushes.orderMany(wanted.many, { idempotencyKey, onBatch });
  }
  const video = await rushes.order(wanted.one, { idempotencyKey });
  tell(video);
  return [video];
}

async function estimateOrders(
  { rushes, say, aside }: Asking,
  wanted: Wanted,
  { asJson }: Pick<OrderWish, "asJson">,
): Promise<number> {
  let count = 0;
  let dollars = 0;
  let exceeds = false;
  for (const order of "many" in wanted ? wanted.many : [wanted.one]) {
    const estimate = await rushes.dryRun(order);
    count += 1;
    dollars += estimate.estimate_usd;
    exceeds ||= estimate.would_exceed_budget;
    say(asJson ? JSON.stringify(estimate) : estimateLine(estimate));
  }
  aside.say(`Nothing was ordered. ${count === 1 ? "It" : `All ${count}`} would cost ${dollarText(dollars)}.`);
  return exceeds ? EXIT.failed : EXIT.ok;
}
