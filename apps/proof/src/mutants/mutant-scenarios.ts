import { untilTrue } from "@rushes/test-rig";
import type { Invariant } from "../checker/finding.ts";
import { POINTS } from "../points/point-table.ts";
import { strikeAtPoint } from "../points/strike-at-point.ts";
import { placeOrder } from "../system/caller.ts";
import { plainOrder } from "../system/order-plan.ts";
import type { ProofSystem, SystemOptions } from "../system/proof-system.ts";

/** What a mutant is put through. The same with the rule in place must leave nothing to report. */
export type MutantScenario = {
  system: Pick<SystemOptions, "callbacks" | "budgetUsd">;
  /** Resolves when the damage is done; the work may go on. */
  act(system: ProofSystem): Promise<void>;
  /** What the checker must say, whatever else it says. */
  caughtBy: Invariant;
};

const WAIT = { timeoutMs: 90_000, everyMs: 50 };

export const MUTANT_SCENARIOS: Readonly<Record<string, MutantScenario>> = {
  "no-compare-and-set": {
    system: { callbacks: "off" },
    act: (system) => atPoint(system, "after-look", "SIGSTOP"),
    caughtBy: "ends-once",
  },
  "no-intent": {
    system: { callbacks: "off" },
    act: (system) => atPoint(system, "after-post", "SIGKILL"),
    caughtBy: "charged-too-often",
  },
  "retry-on-doubt": {
    system: { callbacks: "off" },
    act: (system) => orderOne(system, "[[submit:reset-after-accept:1]]"),
    caughtBy: "charged-too-often",
  },
  "redirects-followed": {
    system: { callbacks: "off" },
    act: (system) => orderOne(system, "[[submit:redirect-after-accept]]"),
    caughtBy: "charged-too-often",
  },
  "callback-trusted": {
    system: { callbacks: "on" },
    act: tellALie,
    caughtBy: "charge-unaccounted",
  },
  "no-budget": {
    system: { callbacks: "off", budgetUsd: 2 },
    async act(system) {
      await Promise.all(
        [1, 2, 3, 4].map((number) => placeOrder(system.apiUrl, system.folder, plainOrder(`order ${number}`))),
      );
    },
    caughtBy: "budget-passed",
  },
};

async function atPoint(system: ProofSystem, name: string, signal: "SIGKILL" | "SIGSTOP"): Promise<void> {
  const point = POINTS.find((known) => known.name === name);
  if (!point) throw new Error(`there is no point ${name}`);
  await strikeAtPoint(system, point, signal);
}

async function orderOne({ apiUrl, folder }: ProofSystem, marker: string): Promise<void> {
  await placeOrder(apiUrl, folder, plainOrder("the one order", marker));
}

/** Somebody who has seen the callback's address says that the running task has failed. */
async function tellALie(system: ProofSystem): Promise<void> {
  await orderOne(system, "[[task:slow:200000]]");
  let callbackUrl: string | null = null;
  await untilTrue(async () => {
    const [task] = system.sandbox.tasks();
    callbackUrl = task?.callbackUrl ?? null;
    if (!task || !callbackUrl) return "no task yet";
    const data = { taskId: task.taskId, state: "failed", failCode: "NSFW", failMsg: "no" };
    const body = JSON.stringify({ code: 200, message: "success", data });
    const answer = await fetch(callbackUrl, { method: "POST", body });
    return answer.status === 200 || answer.status;
  }, WAIT);
}
