import { currentAttempt, resultSinceMs, stageOf, summarize, type WakeUp } from "@rushes/pipeline";
import { SWEEP_BATCH } from "@rushes/ledger";
import type { RoleParts } from "./role.ts";

/** Claims what is overdue and wakes it. What dies between the two is overdue again a little later. */
export async function sweepOnce(
  parts: Pick<RoleParts, "ledger" | "queues" | "metrics" | "logger">,
): Promise<{ isFull: boolean }> {
  const overdue = await parts.ledger.claimOverdue(await parts.queues.countWaitingTurns());
  if (overdue.length === 0) return { isFull: false };
  const readings = await parts.ledger.readMany(overdue.map(({ videoId }) => videoId));
  const byId = new Map(readings.map((reading) => [reading.record.id, reading]));
  const wakeUps: WakeUp[] = [];
  for (const { videoId, phase, wake } of overdue) {
    parts.metrics.swept.inc({ phase });
    const stage = stageOf(phase);
    const reading = byId.get(videoId);
    parts.logger[stage ? "info" : "warn"](
      { videoId, phase },
      stage ? "swept: woken" : "swept: waits for a person",
    );
    if (!stage || !reading) continue;
    const about = summarize(reading.order, currentAttempt(reading.record)?.taskId);
    const since = stage === "archive" ? resultSinceMs(reading.record) : undefined;
    wakeUps.push({
      ...{ stage, videoId, rev: wake, delayMs: 0, about },
      ...(since === undefined ? {} : { resultSinceMs: since }),
    });
  }
  await parts.queues.wake(wakeUps);
  return { isFull: overdue.length >= SWEEP_BATCH };
}
