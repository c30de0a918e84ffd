import type { Random } from "../seeded-random.ts";

export type PlannedOrder = {
  key: string;
  /** When it is to be sent, after the start. */
  atMs: number;
  body: { input: { prompt: string } & Record<string, unknown>; max_charges: number };
  priceUsd: number;
  /** Sent by two callers at once, with the same key. */
  isDoubled: boolean;
};

const IMAGE = "https://example.com/a.jpg";
/** By the provider's page; the caller's own list, to know what it orders. */
const PRICES = {
  "standard-image-to-video": { 5: 0.2, 10: 0.4 },
  "pro-image-to-video": { 5: 0.35, 10: 0.7 },
  "master-image-to-video": { 5: 1, 10: 2 },
  "master-text-to-video": { 5: 1, 10: 2 },
} as const;
const MODES = Object.keys(PRICES) as (keyof typeof PRICES)[];

/** What the caller is going to order, evenly over the time of the faults. Every prompt is the order's own. */
export function planOrders(seed: number, count: number, overMs: number, random: Random): PlannedOrder[] {
  return Array.from({ length: count }, (_, index) => {
    const mode = random.pick(MODES);
    const duration = random.pick([5, 10] as const);
    const prompt = `the proof's order ${seed}-${index}, a lake at dawn`;
    const images = mode === "master-text-to-video" ? {} : { image_urls: [IMAGE] };
    return {
      key: `proof-${seed}-${index}`,
      atMs: (index / count) * overMs,
      body: { input: { mode, duration, prompt, ...images }, max_charges: random.next() < 0.1 ? 2 : 1 },
      priceUsd: PRICES[mode][duration],
      isDoubled: random.next() < 0.05,
    };
  });
}

/** One order for a scenario; `marker` tells the sandbox how to behave. */
export function plainOrder(name: string, marker = ""): PlannedOrder {
  const prompt = `${name} ${marker}`.trim();
  return {
    key: name.replaceAll(" ", "-"),
    atMs: 0,
    body: { input: { mode: "master-text-to-video", duration: 5, prompt }, max_charges: 1 },
    priceUsd: 1,
    isDoubled: false,
  };
}
