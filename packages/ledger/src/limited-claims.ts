import { randomUUID } from "node:crypto";
import { decide, noteSent, type Order, type Submission } from "@rushes/pipeline";
import { NO_BUDGET, SWEEP_GRACE_MS } from "./admission.ts";
import type { LedgerSettings } from "./ledger.ts";
import type { AccountLimits, LimitBook, LimitsView } from "./limit-book.ts";
import { fieldsOf, type RunScript } from "./scripts.ts";

export type LineClaim =
  | ({ kind: "claimed" } & Submission)
  | { kind: "idle" }
  /** `untilMs`: Redis time at which to ask again at the latest; null = only a freed place or an answer helps. */
  | { kind: "no_place"; untilMs: number | null };

type Turn = { resolve: (claim: LineClaim) => void; reject: (reason: unknown) => void };

/** Turns that are served by one script: Redis does nothing else meanwhile. */
const TURNS_AT_ONCE = 40;
/** So often somebody else claimed between our look at the limits and our claim. Then the turn waits as for a place. */
const MOST_CONFLICTS = 20;
const AFTER_CONFLICTS_MS = 20;
/** Calls need names of their own, and many leave in one millisecond. Times of today still tell such steps apart. */
const NAME_STEP_MS = 0.001;

/**
 * Turns of this process, served one batch after the other: each batch reads the limits of its accounts, decides how many
 * calls may go, and claims so many heads of the line together with the limits' new state. Where another replica was
 * first, nothing is written and the batch decides anew.
 * @param noteCalm told of every claim: whether its account is in order, so that an acceptance is no news of it
 */
export function createLimitedClaims(
  run: RunScript,
  prefix: string,
  book: LimitBook,
  settings: LedgerSettings,
  noteCalm: (account: string, isCalm: boolean) => void,
): (accounts: readonly AccountLimits[]) => Promise<LineClaim> {
  const lanes = new Map<string, { turns: Turn[]; isBusy: boolean }>();
  let rotation = 0;

  async function serveLane(lane: { turns: Turn[]; isBusy: boolean }, accounts: readonly AccountLimits[]) {
    lane.isBusy = true;
    while (lane.turns.length > 0) {
      const turns = lane.turns.splice(0, TURNS_AT_ONCE);
      try {
        const claims = await claimFor(turns.length, accounts);
        turns.forEach(({ resolve }, index) => resolve(claims[index] ?? { kind: "idle" }));
      } catch (error) {
        for (const { reject } of turns) reject(error);
      }
    }
    lane.isBusy = false;
  }

  async function claimFor(turns: number, accounts: readonly AccountLimits[]): Promise<LineClaim[]> {
    // 122 random bits each, as good as a fresh read of the system's randomness and drawn from a store of it.
    const secrets = Array.from({ length: turns }, () => randomUUID().replaceAll("-", ""));
    let nowMs = 0;
    for (let conflicts = 0; conflicts < MOST_CONFLICTS; conflicts += 1) {
      const views = await Promise.all(accounts.map((account) => book.read(account)));
      nowMs = views[0]?.nowMs ?? 0;
      rotation += 1;
      const shares = shareOut(turns, views, rotation);
      const words = await run("claim-submission", `${prefix}:line`, [
        settings.submitDeadlineMs,
        settings.leaseMaxMs,
        settings.budgetMicros ?? NO_BUDGET,
        SWEEP_GRACE_MS,
        secrets.length,
        ...secrets,
        ...accounts.flatMap(({ name }, index) => {
          const { version, state, folded } = views[index] as LimitsView;
          const names = shares[index]?.names ?? [];
          const json = names.length > 0 ? JSON.stringify(state) : "";
          return [name, state.fixedConcurrency ?? -1, version, json, folded, names.length, ...names];
        }),
      ]);
      const { met, untilMs, claims } = readAnswer(words);
      if (met === "conflict") continue;
      for (const { account, isCalm } of claims) noteCalm(account, isCalm);
      const rest: LineClaim =
        met === "idle"
          ? { kind: "idle" }
          : { kind: "no_place", untilMs: earliest([untilMs, ...shares.map((share) => share.untilMs)]) };
      return Array.from({ length: turns }, (_, index) => claims[index]?.claim ?? rest);
    }
    return Array.from({ length: turns }, () => ({ kind: "no_place", untilMs: nowMs + AFTER_CONFLICTS_MS }));
  }

  return (accounts) =>
    new Promise((resolve, reject) => {
      const key = JSON.stringify(accounts);
      const lane = lanes.get(key) ?? { turns: [], isBusy: false };
      lanes.set(key, lane);
      lane.turns.push({ resolve, reject });
      // What is asked for in the same turn of the event loop is served together.
      if (!lane.isBusy && lane.turns.length === 1) process.nextTick(() => void serveLane(lane, accounts));
    });
}

type Share = { names: number[]; untilMs: number | null };

/**
 * So many calls among the accounts that allow them, in turn, each noted as sent in its account's state.
 * @returns per account the names of its calls, and when it allows the next if it did not allow all
 */
function shareOut(calls: number, views: readonly LimitsView[], rotation: number): Share[] {
  const shares: Share[] = views.map(() => ({ names: [], untilMs: null }));
  const isOut = new Set<number>();
  for (let call = 0; call < calls && isOut.size < views.length; call += 1) {
    for (let step = 0; step < views.length; step += 1) {
      const index = (rotation + call + step) % views.length;
      const view = views[index];
      const share = shares[index];
      if (!view || !share || isOut.has(index)) continue;
      const { state } = view;
      const sentAtMs = Math.max(view.nowMs, state.lastSentMs + NAME_STEP_MS);
      const refusal = refusalOf(view, share, sentAtMs);
      if (refusal === null) {
        noteSent(state, { nowMs: sentAtMs, random: Math.random });
        share.names.push(sentAtMs);
        break;
      }
      share.untilMs = refusal.untilMs;
      isOut.add(index);
    }
  }
  return shares;
}

function refusalOf(
  { state, nowMs, closedUntilMs }: LimitsView,
  { names }: Share,
  sentAtMs: number,
): { untilMs: number | null } | null {
  if (closedUntilMs !== null) {
    if (closedUntilMs > nowMs) return { untilMs: closedUntilMs };
    // Of a closed account one call at a time is tried.
    if (names.length > 0) return { untilMs: null };
  }
  const decision = decide(state, { nowMs: sentAtMs, random: Math.random });
  return decision.go ? null : { untilMs: decision.untilMs };
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

type Answer = {
  met: string;
  untilMs: number | null;
  claims: { claim: LineClaim; account: string; isCalm: boolean }[];
};

function readAnswer([met = "", until, ...words]: readonly string[]): Answer {
  const claims: Answer["claims"] = [];
  for (let at = 0; at < words.length;) {
    const count = Number(words[at]);
    const fields = fieldsOf(words.slice(at + 1, at + 1 + count));
    const submission = parseSubmission(fields);
    claims.push({
      claim: { kind: "claimed", ...submission },
      account: submission.account,
      isCalm: fields["calm"] === "1",
    });
    at += count + 1;
  }
  return { met, untilMs: until ? Number(until) : null, claims };
}

function parseSubmission(reply: Record<string, string>): Submission {
  return {
    videoId: String(reply["id"]),
    number: Number(reply["attempt"]),
    secret: String(reply["secret"]),
    account: String(reply["account"]),
    order: JSON.parse(String(reply["order"])) as Order,
    wake: Number(reply["wake"]),
    attempts: Number(reply["attempts"]),
    strict: reply["strict"] === "1",
  };
}
