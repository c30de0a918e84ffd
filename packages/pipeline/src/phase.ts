/** Where a video stands. What each phase waits for is told in ARCHITECTURE.md, "The flow". */
export const PHASES = [
  "queued",
  "submitting",
  "unconfirmed",
  "generating",
  "archiving",
  "completed",
  "failed",
  "cancelled",
] as const;
export type Phase = (typeof PHASES)[number];

export const FINAL_PHASES = ["completed", "failed", "cancelled"] as const satisfies readonly Phase[];

/** What callers see: the phases of work in hand fold into one. */
export const STATUSES = ["queued", "in_progress", "completed", "failed", "cancelled"] as const;
export type Status = (typeof STATUSES)[number];

export function isFinal(phase: Phase): boolean {
  return phase === "completed" || phase === "failed" || phase === "cancelled";
}

export function statusOf(phase: Phase): Status {
  switch (phase) {
    case "submitting":
    case "unconfirmed":
    case "generating":
    case "archiving":
      return "in_progress";
    case "queued":
    case "completed":
    case "failed":
    case "cancelled":
      return phase;
  }
}

export function phasesOf(status: Status): readonly Phase[] {
  return PHASES.filter((phase) => statusOf(phase) === status);
}
