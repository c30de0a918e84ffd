import type { Ledger } from "@rushes/ledger";

/** How long a turn waits before it asks again, while nothing may be paid for. */
const HOLD_MS = 500;

/**
 * The line, closed while new paid work may not begin: turns then wait as they do for a place, so that a stop finds them
 * where it always does. What is paid already goes on.
 */
export function heldClaims(
  ledger: Pick<Ledger, "claimSubmission" | "readTime">,
  mayBegin: () => boolean,
): Pick<Ledger, "claimSubmission" | "readTime"> {
  return {
    readTime: () => ledger.readTime(),
    async claimSubmission(accounts) {
      if (mayBegin()) return await ledger.claimSubmission(accounts);
      return { kind: "no_place", untilMs: (await ledger.readTime()) + HOLD_MS };
    },
  };
}
