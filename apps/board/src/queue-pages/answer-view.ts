import type { AppJob, AppQueue } from "@bull-board/api/typings/app";
import { scrubText } from "@rushes/telemetry";
import type { BoardRole } from "../login/board-user.ts";

/** The answers of Bull Board's API that tell of jobs: the list of queues, one job, the log lines of one. */
type Answer = { queues?: AppQueue[]; job?: AppJob } | string[];

/**
 * One answer of Bull Board's API as this role may see it. Error texts and logs can carry what a request carried, so
 * credentials are taken out of them. For a viewer every queue says that it is read-only, and the pages leave out
 * their buttons; refusing is the guard's work, not this.
 */
export function viewAnswer(answer: unknown, role: BoardRole): unknown {
  if (typeof answer !== "object" || answer === null) return answer;
  const known = answer as Answer;
  if (Array.isArray(known)) {
    return known.map((line) => (typeof line === "string" ? scrubText(line, []) : line));
  }
  if (known.queues) return { ...known, queues: known.queues.map((queue) => viewQueue(queue, role)) };
  if (known.job) return { ...known, job: viewJob(known.job) };
  return answer;
}

function viewQueue(queue: AppQueue, role: BoardRole): AppQueue {
  const jobs = queue.jobs.map(viewJob);
  if (role === "admin") return { ...queue, jobs };
  return { ...queue, jobs, readOnlyMode: true, allowRetries: false, allowCompletedRetries: false };
}

function viewJob(job: AppJob): AppJob {
  const { failedReason, stacktrace, returnValue } = job;
  return {
    ...job,
    ...(typeof failedReason === "string" ? { failedReason: scrubText(failedReason, []) } : {}),
    ...(typeof returnValue === "string" ? { returnValue: scrubText(returnValue, []) } : {}),
    stacktrace: stacktrace.map((line) => scrubText(line, [])),
  };
}
