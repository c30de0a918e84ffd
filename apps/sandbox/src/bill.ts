import { dollars, type Mode } from "./price-list.ts";
import type { Task } from "./task.ts";

/** One charge, as the provider's invoice would list it, and the order it was for. Times are Unix milliseconds. */
export type Charge = {
  taskId: string;
  /** The key's label, never the key. */
  key: string;
  mode: Mode;
  duration: 5 | 10;
  priceUsd: number;
  prompt: string;
  time: number;
  /** null in polling mode. */
  callbackUrl: string | null;
  /** When it was given back; null: it stands. */
  refundedTime: number | null;
  /** The fault that ate the submit's answer, where one did: the client may not know of this charge. */
  submitFault: string | null;
};

export type BillTotals = {
  charges: number;
  refunds: number;
  chargedUsd: number;
  refundedUsd: number;
  /** `chargedUsd` − `refundedUsd`. */
  netUsd: number;
};

/** Charges in the order they were made. */
export type BillView = { charges: Charge[]; totals: BillTotals };

export type Bill = {
  /** Called when a task is accepted. */
  taskAccepted(task: Task): void;
  /** Called when a task has ended; its `completeTime` is set. */
  taskEnded(task: Task): void;
  /** What stands against one key, in micro-dollars. */
  spentMicros(label: string): number;
  view(): BillView;
  totals(): BillTotals;
  reset(): void;
};

export function createBill(): Bill {
  const charges = new Map<string, Charge>();
  const spent = new Map<string, number>();
  let refunds = 0;
  let chargedMicros = 0;
  let refundedMicros = 0;

  function add(label: string, micros: number): void {
    spent.set(label, (spent.get(label) ?? 0) + micros);
  }

  function charge(task: Task, time: number): void {
    const { taskId, keyLabel, request, priceMicros, submitFault } = task;
    const { mode, duration, prompt, callbackUrl } = request;
    const what = { taskId, key: keyLabel, mode, duration, priceUsd: dollars(priceMicros), prompt };
    charges.set(taskId, { ...what, time, callbackUrl, refundedTime: null, submitFault });
    chargedMicros += priceMicros;
    add(keyLabel, priceMicros);
  }

  function refund(task: Task, time: number): void {
    const charged = charges.get(task.taskId);
    if (charged === undefined || charged.refundedTime !== null) return;
    charged.refundedTime = time;
    refunds += 1;
    refundedMicros += task.priceMicros;
    add(task.keyLabel, -task.priceMicros);
  }

  function totals(): BillTotals {
    return {
      charges: charges.size,
      refunds,
      chargedUsd: dollars(chargedMicros),
      refundedUsd: dollars(refundedMicros),
      netUsd: dollars(chargedMicros - refundedMicros),
    };
  }

  return {
    taskAccepted(task) {
      if (task.payment.chargeAt === "acceptance") charge(task, task.createTime);
    },
    taskEnded(task) {
      const time = task.completeTime ?? task.createTime;
      if (task.payment.chargeAt === "success" && task.end.state === "success") charge(task, time);
      if (task.payment.refundFailed && task.end.state === "failed") refund(task, time);
    },
    spentMicros: (label) => spent.get(label) ?? 0,
    view: () => ({ charges: [...charges.values()].map((one) => ({ ...one })), totals: totals() }),
    totals,
    reset() {
      charges.clear();
      spent.clear();
      refunds = chargedMicros = refundedMicros = 0;
    },
  };
}
