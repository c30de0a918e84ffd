import type { FailureDetails, TaskReport } from "@rushes/pipeline";
import { isSuccessStatus, type Answer } from "./answer.ts";
import { answerMessage } from "./answer-message.ts";
import { parseEnvelope, type Envelope } from "./envelope.ts";
import { HTTP_ERRORS } from "./http-errors.ts";
import { parseRetryAfterMs } from "./retry-after.ts";
import { readTaskReport } from "./task-report.ts";

/**
 * Answers of the calls that cost nothing. They never refuse anything for good: what they cannot read is
 * `unavailable` and is asked again.
 */
export type ReadVerdict<T> = { read: true; value: T } | { read: false; failure: FailureDetails };

/** 404, as status or code, means that the provider does not know the task, which is normal right after a submit. */
export function judgeStatus(
  answer: Answer,
  nowMs: number,
  onUnknownState?: (state: string) => void,
): ReadVerdict<TaskReport> {
  const envelope = parseEnvelope(answer.body);
  if (answer.status === 404 || (envelope?.code === 404 && isSuccessStatus(answer.status))) {
    return { read: true, value: { state: "unknown", providerState: "404" } };
  }
  if (!isSuccess(answer, envelope)) return readFailure(answer, envelope, nowMs);
  return { read: true, value: readTaskReport(envelope.data, onUnknownState) };
}

/** US micro-dollars, from `data` in dollars. */
export function judgeBalance(answer: Answer, nowMs: number): ReadVerdict<number> {
  const envelope = parseEnvelope(answer.body);
  if (!isSuccess(answer, envelope)) return readFailure(answer, envelope, nowMs);
  const { data } = envelope;
  const dollars = typeof data === "string" && data.trim() !== "" ? Number(data) : data;
  if (typeof dollars !== "number" || !Number.isFinite(dollars)) return readFailure(answer, envelope, nowMs);
  return { read: true, value: Math.round(dollars * 1_000_000) };
}

function readFailure<T>(answer: Answer, envelope: Envelope | undefined, nowMs: number): ReadVerdict<T> {
  const row = HTTP_ERRORS.get(envelope?.code ?? 0) ?? HTTP_ERRORS.get(answer.status);
  const retryAfterMs = parseRetryAfterMs(answer.retryAfter, { date: answer.date, nowMs });
  return {
    read: false,
    failure: {
      kind: row?.readKind ?? "unavailable",
      class: row?.class ?? "provider_fault",
      code: row?.code ?? "answer_unreadable",
      message: answerMessage(row?.meaning ?? "The answer cannot be read", answer, envelope),
      httpStatus: answer.status,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  };
}

function isSuccess(answer: Answer, envelope: Envelope | undefined): envelope is Envelope {
  return isSuccessStatus(answer.status) && envelope?.code === 200;
}
