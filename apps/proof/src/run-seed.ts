import { join } from "node:path";
import { checkFolder, type Verdict } from "./checker/check-folder.ts";
import { resumeQueues } from "./faults/board-presses.ts";
import { startPace } from "./faults/pace.ts";
import { planFaults } from "./faults/fault-schedule.ts";
import { PROVIDER_WEATHER } from "./faults/provider-weather.ts";
import { strikeAll } from "./faults/strike.ts";
import { collectWitnesses } from "./history/collect-witnesses.ts";
import { createHistoryFolder } from "./history/history-folder.ts";
import { createRandom } from "./seeded-random.ts";
import { placeOrders } from "./system/caller.ts";
import { planOrders } from "./system/order-plan.ts";
import { startSystem } from "./system/proof-system.ts";
import { untilDrained } from "./system/until-drained.ts";

export type SeedOptions = {
  seed: number;
  orders: number;
  faults: number;
  workers: number;
  /** `off`: no callbacks. Else this share of them is dropped by the provider. */
  callbacks: "off" | { dropShare: number };
  out: string;
};

/** How far a seed has come. */
export type SeedProgress = { seed: number; doing: string };

/** Failed tasks give some money back; with this share the last few orders still find the budget used up. */
const BUDGET_SHARE = 0.93;
const DRAIN_MS = 240_000;
/** With many processes on two cores a POST may take seconds; that alone shall not count as a lost answer. */
const PATIENT_POSTS = { SUBMIT_TIMEOUT_MS: "8000", SUBMIT_MARGIN_MS: "4000" };

/** One seed: a system of its own, its orders and its faults, until all is quiet; then the verdict on its histories. */
export async function runSeed(
  options: SeedOptions,
  onProgress: (progress: SeedProgress) => void = () => {},
): Promise<Verdict> {
  const { seed, callbacks } = options;
  const name = `seed-${seed}-${callbacks === "off" ? "polled" : `dropped-${callbacks.dropShare}`}`;
  const folder = createHistoryFolder(join(options.out, name));
  const faults = planFaults(options.faults, createRandom(seed, "faults"));
  const overMs = faults.at(-1)?.atMs ?? 1_000;
  const orders = planOrders(seed, options.orders, overMs, createRandom(seed, "orders"));
  const budgetUsd = Math.floor(orders.reduce((sum, { priceUsd }) => sum + priceUsd, 0) * BUDGET_SHARE);
  const callbackDropShare = callbacks === "off" ? 0 : callbacks.dropShare;

  const startedAt = Date.now();
  const system = await startSystem({
    folder,
    callbacks: callbacks === "off" ? "off" : "on",
    budgetUsd,
    board: true,
    environment: PATIENT_POSTS,
    sandbox: {
      seed: String(seed),
      faults: {
        ...PROVIDER_WEATHER,
        ...(callbackDropShare > 0 ? { "callback:drop": callbackDropShare } : {}),
      },
    },
  });
  try {
    await Promise.all(Array.from({ length: options.workers }, () => system.startWorker()));
    const api = { process: () => system.api(), restart: () => system.startApi() };
    const pace = startPace();
    const timer = setInterval(() => {
      const done = `${folder.count("faults")}/${faults.length} faults, ${folder.count("orders")} letters`;
      onProgress({ seed, doing: done });
    }, 1_000);
    await Promise.all([
      placeOrders(system.apiUrl, folder, orders, pace),
      strikeAll({ ...system, api }, faults, pace),
    ]);
    clearInterval(timer);
    const calmAt = Date.now();
    onProgress({ seed, doing: "draining" });
    system.sandbox.configure({ faults: null });
    if (system.board) await resumeQueues(system.board);
    const drainedAt = await untilDrained(system, DRAIN_MS);
    await collectWitnesses(system);
    folder.writeFacts({
      name,
      seed,
      callbacks: callbacks === "off" ? "off" : "on",
      callbackDropShare,
      budgetUsd,
      keepsBooks: true,
      keepsFiles: true,
      startedAt,
      calmAt,
      drainedAt,
    });
  } finally {
    await system.stop();
  }
  return checkFolder(folder.path);
}
