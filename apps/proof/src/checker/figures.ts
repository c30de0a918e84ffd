import type { History } from "../history/history-folder.ts";
import type { StepLine } from "../history/history-lines.ts";
import { isFailed, type CaseFile } from "./case-files.ts";
import type { Finding, Invariant } from "./finding.ts";
import { overshootMicros } from "./money-findings.ts";

/** What a run has shown, in numbers that can be added up. */
export type Figures = {
  acknowledged: number;
  refused: number;
  charges: number;
  /** Charges that were made again because a task had failed and the caller had agreed. */
  agreedAgain: number;
  /** Orders charged too often. */
  doubled: number;
  /** Orders lost, or charged and dropped. */
  unaccounted: number;
  /** Orders whose answer was lost at some time: they were, or are, unconfirmed. */
  doubtful: number;
  /** Orders that wait for a person in the end, and those of them that were charged. */
  parked: number;
  parkedCharged: number;
  faults: Partial<Record<string, number>>;
  overshootMicros: number;
  findings: Partial<Record<Invariant, number>>;
  /** From the death of a worker until somebody else takes one of its orders up, each. */
  takeoverMs: number[];
  /** Orders of dead workers that nobody took up again. */
  abandoned: number;
};

export function figuresOf(
  history: History,
  files: readonly CaseFile[],
  findings: readonly Finding[],
): Figures {
  const about = (names: readonly Invariant[]): number =>
    new Set(findings.filter(({ invariant }) => names.includes(invariant)).map((finding) => finding.about))
      .size;
  const parked = files.filter(({ records }) => records.some(({ phase }) => phase === "unconfirmed"));
  const { takeoverMs, abandoned } = takeovers(history, files);
  return {
    acknowledged: files.filter(({ acknowledged }) => acknowledged.length > 0).length,
    refused: files.filter(({ acknowledged, isRefused }) => isRefused && acknowledged.length === 0).length,
    charges: history.bill.length,
    agreedAgain: files.filter(({ charges }) => charges.length > 1 && isFailed(charges[0]?.task)).length,
    doubled: about(["charged-too-often"]),
    unaccounted: about(["order-lost", "charge-unaccounted"]),
    doubtful: files.filter(({ records }) =>
      records.some(({ events }) => events.some(({ phase }) => phase === "unconfirmed")),
    ).length,
    parked: parked.length,
    parkedCharged: parked.filter(({ charges }) => charges.some(({ task }) => !isFailed(task))).length,
    faults: countBy(history.faults.filter(({ target }) => target !== "none").map(({ kind }) => kind)),
    overshootMicros: Math.max(0, overshootMicros(history, files)),
    findings: countBy(findings.map(({ invariant }) => invariant)),
    takeoverMs,
    abandoned,
  };
}

function countBy<Name extends string>(names: readonly Name[]): Partial<Record<Name, number>> {
  const counts: Partial<Record<Name, number>> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/**
 * The orders that a worker had in hand when it was killed: its last step about them was one after which it still had
 * something to do. How long until another process took a step about each.
 */
function takeovers(
  { faults, steps }: History,
  files: readonly CaseFile[],
): { takeoverMs: number[]; abandoned: number } {
  const ofTask = new Map<string, string>();
  const ofPrompt = new Map<string, string>();
  const ended = new Map<string, number>();
  for (const { prompt, records } of files) {
    for (const { videoId, attempts, events, phase } of records) {
      ofPrompt.set(prompt, videoId);
      for (const { taskId } of attempts) if (taskId !== null) ofTask.set(taskId, videoId);
      if (phase !== "generating" && phase !== "archiving") ended.set(videoId, events.at(-1)?.at ?? 0);
    }
  }
  const videosOf = ({ videos, task, prompt }: StepLine): readonly string[] =>
    videos ?? [ofTask.get(task ?? "") ?? ofPrompt.get(prompt ?? "") ?? ""];
  const byVideo = new Map<string, StepLine[]>();
  for (const step of steps) {
    for (const video of videosOf(step)) {
      const known = byVideo.get(video);
      if (known) known.push(step);
      else byVideo.set(video, [step]);
    }
  }

  const takeoverMs: number[] = [];
  let abandoned = 0;
  for (const { kind, target, at } of faults) {
    if (kind !== "kill-worker") continue;
    for (const [video, all] of byVideo) {
      const last = all.findLast((step) => step.by === target);
      if (!last || !isInHand(last)) continue;
      // Somebody else had it already, or it had ended.
      if (all.some((step) => step.by !== target && step.at > last.at && step.at <= at)) continue;
      if ((ended.get(video) ?? Infinity) <= at) continue;
      const next = all.find((step) => step.by !== target && step.at > at);
      if (next) takeoverMs.push(next.at - at);
      else if ((ended.get(video) ?? Infinity) > at) abandoned += 1;
    }
  }
  return { takeoverMs, abandoned };
}

/** After these a job still has something to do; after a stored look at a running task, or a wake-up, it has not. */
function isInHand({ part, call, moment, result }: StepLine): boolean {
  if (moment === "begins") return true;
  if (part === "queues") return false;
  if (call === "recordLook") return result !== "running";
  return call !== "recordArchive" && call !== "hurryLook";
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0;
}
