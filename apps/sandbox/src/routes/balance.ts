import { success } from "../answer.ts";
import { dollars } from "../price-list.ts";
import type { Parts } from "../parts.ts";
import { honest, type Answered, type Call } from "./call.ts";

/** `GET apikeys/current-balance`: dollars left on the key. */
export function balance(parts: Parts, { label, settings }: Call): Answered {
  const left = balanceUsd(parts, label);
  const probabilities = settings.faults;
  const meeting = { markers: [], probabilities, scope: label, lot: `balance ${label}` };
  const [struck] = parts.draw.strike("balance", meeting);
  if (struck === undefined) return honest(success(left));
  const answer = struck.fault.answer(left, struck.given);
  return { answer, taskId: null, faults: [struck.specification], meeting };
}

/** Rounded to micro-dollars, so that no digits appear that nobody charged. */
export function balanceUsd(parts: Parts, label: string): number {
  const startMicros = Math.round(parts.desk.of(label).balanceUsd * 1e6);
  return dollars(startMicros - parts.bill.spentMicros(label));
}
