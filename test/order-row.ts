import { expect } from "vitest";
import { untilTrue } from "@rushes/test-rig";
import type { FailureClass, Phase } from "@rushes/pipeline";
import type { RunningSystem } from "./running-system.ts";
import { billFor, type PromptBill } from "./prompt-bill.ts";

/** One order whose prompt carries faults for the sandbox, and what must become of it and of its bill. */
export type OrderRow = {
  /** Begins with the row of the provider's document that it stands for: `§5 504: …`. */
  title: string;
  /** As they stand in the prompt: `[[submit:error:504]]`. */
  faults: string;
  /** More of the input, beside the prompt. */
  input?: object;
  maxCharges?: number;
  video: {
    phase: Phase;
    error?: { class: FailureClass; code?: string };
    charges: number;
    reservedUsd: number;
    billedUsd: number;
  };
  bill: PromptBill;
};

/** The price of every row's order, in dollars: five seconds of master-text-to-video. */
export const PRICE_USD = 1;

/** An order that ended well: paid once, after so many POSTs. */
export const completed = (posts = 1): Pick<OrderRow, "video" | "bill"> => ({
  video: { phase: "completed", charges: 1, reservedUsd: 0, billedUsd: PRICE_USD },
  bill: { posts, charges: 1, netUsd: PRICE_USD },
});

/** An order that the provider refused for good: posted once, free of charge. */
export const refused = (
  error: NonNullable<OrderRow["video"]["error"]>,
): Pick<OrderRow, "video" | "bill"> => ({
  video: { phase: "failed", error, charges: 0, reservedUsd: 0, billedUsd: 0 },
  bill: { posts: 1, charges: 0, netUsd: 0 },
});

/** An order that waits for a person: posted once, its price reserved, whether or not the provider charged it. */
export const unconfirmed = (wasCharged: boolean): Pick<OrderRow, "video" | "bill"> => ({
  video: { phase: "unconfirmed", charges: 1, reservedUsd: PRICE_USD, billedUsd: 0 },
  bill: { posts: 1, charges: wasCharged ? 1 : 0, netUsd: wasCharged ? PRICE_USD : 0 },
});

/** For `test.each`: `"%s"` then names each test by its row's whole title. */
export const titled = <Row extends { title: string }>(rows: readonly Row[]): [title: string, row: Row][] =>
  rows.map((row) => [row.title, row]);

export type PlacedRow = { id: string; prompt: string };

/** The orders of all rows, placed at once, by title. Tests of single rows then wait for theirs only. */
export async function placeRows(
  system: RunningSystem,
  rows: readonly OrderRow[],
): Promise<ReadonlyMap<string, PlacedRow>> {
  const placed = await Promise.all(
    rows.map(async (row, index) => {
      // The title is in it, so that no two prompts are alike; sharp brackets are plain text to the sandbox.
      const prompt = `order ${index} <${row.title.replaceAll(/[[\]]/g, "")}> ${row.faults}`;
      const extra = row.maxCharges === undefined ? {} : { max_charges: row.maxCharges };
      const { id } = await system.order({ prompt, ...row.input }, extra);
      return [row.title, { id, prompt }] as const;
    }),
  );
  expect(new Set(rows.map(({ title }) => title)).size).toBe(rows.length);
  return new Map(placed);
}

/** Waits until the row's video is where it must end, and compares it and its bill with the row. */
export async function expectRow(
  system: RunningSystem,
  row: OrderRow,
  placed: ReadonlyMap<string, PlacedRow>,
): Promise<PlacedRow> {
  const order = placed.get(row.title);
  if (!order) throw new Error(`the order of "${row.title}" was not placed`);
  await untilSettled(system, order.id, row.video.phase);
  expect(await seen(system, order)).toEqual({ ...row.video, error: row.video.error ?? null, bill: row.bill });
  return order;

  async function seen(of: RunningSystem, { id, prompt }: PlacedRow): Promise<object> {
    const { phase, error, charges, cost } = await of.get(id);
    const shown = error && { class: error.class, ...(row.video.error?.code ? { code: error.code } : {}) };
    const { reserved_usd: reservedUsd, billed_usd: billedUsd } = cost;
    return { phase, error: shown, charges, reservedUsd, billedUsd, bill: billFor(of.sandbox, prompt) };
  }
}

/** Waits until the video has ended or is where it is expected to stay. */
async function untilSettled(system: RunningSystem, id: string, expected: Phase): Promise<void> {
  await untilTrue(
    async () => {
      const { phase } = await system.get(id);
      return ["completed", "failed", "cancelled", expected].includes(phase) || phase;
    },
    { timeoutMs: 45_000, everyMs: 50 },
  );
}
