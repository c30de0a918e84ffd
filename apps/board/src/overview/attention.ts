import { html, type Markup } from "../pages/html.ts";
import { moneyText } from "../pages/money-text.ts";
import { spanText } from "../pages/span-text.ts";
import type { Picture } from "./overview-reader.ts";
import { missingRoles } from "./worker-rows.ts";

export type Bounds = {
  /** From this age on a result that is not archived is an alert. */
  resultPlanMs: number;
  /** From this age on it is gone. */
  resultLifeMs: number;
  /** Micro-dollars per UTC day; null = no budget, or it is not told to the board. */
  budgetMicros: number | null;
};

/** What a person should look at, the most urgent first; empty = nothing. */
export function attentionOf(picture: Picture, bounds: Bounds): Markup[] {
  const { totals, accounts, money, doubtSinceMs, nowMs } = picture;
  const notes: Markup[] = [];
  const pause = totals.submitPause;
  if (pause !== null)
    notes.push(
      html`Submit is paused by <b>${pause.by}</b> since ${spanText(nowMs - pause.sinceMs)}: nothing new is
        paid for, until <code>rushes resume submit</code>.`,
    );
  const ageMs = totals.oldestResultAgeMs;
  if (ageMs !== null && ageMs > bounds.resultPlanMs) {
    notes.push(
      html`<a href="/videos?phase=archiving">A result</a> waits for the archive since ${spanText(ageMs)}; it
        is gone in ${spanText(bounds.resultLifeMs - ageMs)}.`,
    );
  }
  const unconfirmed = totals.phases.unconfirmed;
  if (unconfirmed > 0) {
    const since = doubtSinceMs === null ? "" : `, the first since ${spanText(nowMs - doubtSinceMs)}`;
    notes.push(
      html`<a href="/unconfirmed">${count(unconfirmed, "video")}</a> unconfirmed${since}:
        ${moneyText(totals.unconfirmedMicros)} at stake.`,
    );
  }
  for (const { name, standing } of accounts) {
    if (standing.closed !== null)
      notes.push(html`Account <b>${name}</b> is closed: ${standing.closed.replaceAll("_", " ")}.`);
    if (standing.strict)
      notes.push(
        html`Account <b>${name}</b> has charged for a submission it had answered with a 5xx: those answers are
          no longer believed.`,
      );
  }
  const missing = missingRoles(picture.workers);
  if (missing.length > 0) notes.push(html`No worker is alive for ${missing.join(", ")}.`);
  const spent = money.reservedMicros + money.billedMicros;
  if (bounds.budgetMicros !== null && spent >= 0.9 * bounds.budgetMicros)
    notes.push(html`${moneyText(spent)} of today's budget of ${moneyText(bounds.budgetMicros)} is used.`);
  if (totals.late > 0)
    notes.push(html`${count(totals.late, "task")} late: still looked at, in growing gaps.`);
  return notes;
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? " is" : "s are"}`;
}
