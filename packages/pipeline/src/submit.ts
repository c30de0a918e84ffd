import { Failure } from "./failure.ts";
import { withNews } from "./news.ts";
import type { Outcome } from "./outcome.ts";
import type { Provider } from "./provider.ts";
import type { Problem, Records, Standing, Submission, SubmitFact } from "./records.ts";
import { retryDelayMs } from "./retry-delay.ts";
import type { StageJob } from "./stage-job.ts";
import { summarize } from "./wake-up.ts";

export type SubmitSettings = { pollFirstMs: number; retryMinMs: number; retryMaxMs: number };

/** What an answer means for the account as a whole. */
export type AccountVerdict =
  | { kind: "open" }
  /** `videoId` met it: a refusal of the key or the route closes the account when a second video meets one. */
  | { kind: "close"; code: string; videoId: string };

export type Claim =
  | ({ kind: "claimed"; maySend: () => boolean } & Submission)
  | { kind: "idle" }
  | { kind: "stopped" };

export type SubmitPorts = {
  records: Records;
  /**
   * Takes the head of the fair line with a place and an intent, waiting for a place as long as it takes.
   * `idle`: nobody is in line. `stopped`: the signal was aborted first.
   */
  claim(signal: AbortSignal): Promise<Claim>;
  provider(account: string): Provider;
  /** Where the provider shall call back for this attempt; undefined = it shall not. */
  callbackUrl(submission: Submission): string | undefined;
  noteAccount(account: string, verdict: AccountVerdict): Promise<unknown>;
  settings: SubmitSettings;
  random: () => number;
};

/**
 * A turn at submitting. The job's own video does not matter: the turn goes to the head of the fair line.
 * Between the intent (in `claim`) and the stored answer lies the one POST; whatever happens there is learned as a
 * fact about this attempt and no other. A crash in between leaves the intent, and the deadline parks the video.
 */
export async function submit(job: StageJob, ports: SubmitPorts): Promise<Outcome> {
  const claim = await ports.claim(job.signal);
  if (claim.kind === "idle") return { kind: "advance", log: "nobody is waiting in line" };
  if (claim.kind === "stopped") return { kind: "wait", log: "stopped while waiting for a place", delayMs: 0 };

  const callbackUrl = ports.callbackUrl(claim);
  const request = { input: claim.order.input, ...(callbackUrl === undefined ? {} : { callbackUrl }) };
  let fact: SubmitFact;
  let verdict: AccountVerdict | null;
  try {
    const { taskId } = await ports.provider(claim.account).generateTask(request, { maySend: claim.maySend });
    fact = { fact: "accepted", taskId, firstLookMs: ports.settings.pollFirstMs };
    verdict = { kind: "open" };
  } catch (error) {
    ({ fact, verdict } = judge(error, claim, ports));
  }
  // A stored refusal frees its place, and the next turn would post into a closed account: that is told first. An
  // acceptance is stored first: until then nobody else knows the task.
  if (verdict && verdict.kind !== "open") await ports.noteAccount(claim.account, verdict);
  const standing = await ports.records.learnAnswer(claim, fact);
  if (verdict?.kind === "open") await ports.noteAccount(claim.account, verdict);
  return withNews(follow(claim, fact, standing), claim.videoId, standing, claim.order);
}

/** The table of consequences for a POST. Anything that is not a `Failure` may have left: unknown. */
function judge(
  error: unknown,
  { videoId, attempts, strict }: Submission,
  { settings, random }: SubmitPorts,
): { fact: SubmitFact; verdict: AccountVerdict | null } {
  if (!(error instanceof Failure)) return { fact: { fact: "unknown" }, verdict: null };
  const problem: Problem = { code: error.code, class: error.class, message: error.message };
  const backoffMs = retryDelayMs(
    attempts,
    { minMs: settings.retryMinMs, maxMs: settings.retryMaxMs },
    random,
  );
  switch (error.kind) {
    case "throttled":
      // The account's limits learn of it and rest, so the video need not: it keeps its place at the head.
      return {
        fact: {
          ...{ fact: "refused_for_now", kind: error.kind, backoffMs: 0, problem },
          retryAfterMs: error.retryAfterMs,
        },
        verdict: null,
      };
    case "unavailable": {
      if (strict && error.requestLeft !== false) return { fact: { fact: "unknown" }, verdict: null };
      const fact = error.requestLeft === false ? "not_sent" : "refused_for_now";
      return { fact: { fact, kind: error.kind, backoffMs, problem }, verdict: null };
    }
    case "misconfigured":
      // Others go first meanwhile: they show whether it is the account or this video.
      return {
        fact: { fact: "refused_for_now", kind: error.kind, backoffMs, problem },
        verdict: { kind: "close", code: error.code, videoId },
      };
    case "refused":
      return { fact: { fact: "refused", problem }, verdict: null };
    case "unconfirmed":
      return { fact: { fact: "unknown" }, verdict: null };
  }
}

function follow(claim: Submission, fact: SubmitFact, standing: Standing): Outcome {
  const { videoId } = claim;
  const said = `${videoId} attempt ${claim.number}: ${fact.fact}`;
  switch (standing.phase) {
    case "generating": {
      const taskId = fact.fact === "accepted" ? fact.taskId : null;
      const delayMs = fact.fact === "accepted" ? fact.firstLookMs : 0;
      const about = summarize(claim.order, taskId);
      return {
        kind: "advance",
        log: taskId ? `${said}, task ${taskId}` : said,
        next: [{ stage: "poll", videoId, rev: standing.wake, delayMs, about }],
      };
    }
    case "queued": {
      const delayMs = "backoffMs" in fact ? fact.backoffMs : 0;
      const why = "problem" in fact ? ` (${fact.problem.code}: ${fact.problem.message})` : "";
      return {
        kind: "advance",
        log: `${said}${why}, back in line`,
        next: [{ stage: "submit", videoId, rev: standing.wake, delayMs, about: summarize(claim.order) }],
      };
    }
    case "unconfirmed":
      return { kind: "give-up", reason: `${said}: the answer was lost; it waits for a callback or a person` };
    case "failed":
      return {
        kind: "give-up",
        reason: "problem" in fact ? `${said}: ${fact.problem.code}: ${fact.problem.message}` : said,
      };
    case "submitting":
    case "archiving":
    case "completed":
    case "cancelled":
      return { kind: "advance", log: `${said}; the video is ${standing.phase}` };
  }
}
