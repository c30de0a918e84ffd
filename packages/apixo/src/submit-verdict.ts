import type { FailureDetails } from "@rushes/pipeline";
import { isSuccessStatus, type Answer } from "./answer.ts";
import { answerMessage } from "./answer-message.ts";
import { parseEnvelope, type Envelope } from "./envelope.ts";
import { findFailCode, type FailCodeRow } from "./fail-codes.ts";
import { HTTP_ERRORS, soundsLikeContentPolicy, type HttpErrorRow } from "./http-errors.ts";
import { parseRetryAfterMs } from "./retry-after.ts";

/**
 * How far the provider's own 500, 502 and 503 are believed: `documented` takes them as "not accepted, retry", as
 * its page says; `strict` takes nothing on trust and calls them unconfirmed.
 */
export type SubmitSafety = "documented" | "strict";

export type SubmitVerdict = { accepted: true; taskId: string } | { accepted: false; failure: FailureDetails };

/**
 * Has the whole answer of a submit created a task? In this order:
 *
 * 1. 2xx, `code` 200 and a task id: yes.
 * 2. Any other answer that names a task contradicts itself: unconfirmed.
 * 3. 504, as status or code: unconfirmed, whatever else is said.
 * 4. 400, 401, 402, 403, 404, 429, as code or as status: no. The status alone is enough, because such errors also
 *    come empty or as HTML, and whoever says so has not passed the request on.
 * 5. The provider's envelope with 500, 502, 503: no, or unconfirmed when `strict`.
 * 6. The provider's envelope without a task but with a fail code that proves a refusal: no.
 * 7. The provider's envelope with another 4xx code of the kind that refuses a request (422 …): no.
 * 8. Everything else (gateway pages, redirects, 2xx without a task, numbers nobody documents): unconfirmed.
 */
export function judgeSubmit(answer: Answer, safety: SubmitSafety, nowMs: number): SubmitVerdict {
  const envelope = parseEnvelope(answer.body);
  if (envelope?.taskId !== undefined) {
    if (isSuccessStatus(answer.status) && envelope.code === 200) {
      return { accepted: true, taskId: envelope.taskId };
    }
    return unconfirmed(
      answer,
      envelope,
      "answer_contradictory",
      `The answer is an error, but names task ${envelope.taskId}`,
    );
  }
  const row = listedRow(answer, envelope);
  if (row !== undefined) return judgeListed(answer, envelope, row, safety, nowMs);
  if (envelope === undefined) {
    return unconfirmed(answer, envelope, "answer_unreadable", "The answer is not the provider's envelope");
  }
  return judgeUnlisted(answer, envelope, nowMs);
}

function judgeListed(
  answer: Answer,
  envelope: Envelope | undefined,
  row: HttpErrorRow,
  safety: SubmitSafety,
  nowMs: number,
): SubmitVerdict {
  if (row.accepted === "unknown") return unconfirmed(answer, envelope, row.code, row.meaning);
  if (row.accepted === "documented_no" && safety === "strict") {
    return unconfirmed(answer, envelope, "server_error_not_trusted", row.meaning);
  }
  const failCode = row.failCodes === "none" ? undefined : knownFailCode(envelope);
  if (failCode !== undefined && (row.failCodes === "any" || failCode.provesRefusal)) {
    return byFailCode(answer, envelope, failCode, nowMs);
  }
  if (row.mayBeContentPolicy && soundsLikeContentPolicy(envelope?.message ?? "")) {
    const meaning = "The provider refused the content";
    return refusal(answer, envelope, nowMs, {
      kind: "refused",
      class: "content_policy",
      code: "content_policy",
      meaning,
    });
  }
  return refusal(answer, envelope, nowMs, { ...row, kind: row.submitKind });
}

function judgeUnlisted(answer: Answer, envelope: Envelope, nowMs: number): SubmitVerdict {
  const failCode = knownFailCode(envelope);
  if (failCode?.provesRefusal === true) return byFailCode(answer, envelope, failCode, nowMs);
  if (envelope.code !== undefined && refusesTheRequest(envelope.code)) {
    return refusal(answer, envelope, nowMs, {
      kind: "refused",
      class: "unknown",
      code: `provider_code_${envelope.code}`,
      meaning: "The provider refused the request with a code it does not document",
    });
  }
  return unconfirmed(answer, envelope, "answer_without_task", "The answer names no task");
}

/** The number that decides, if it is a documented one: 504 first, then the 4xx, then the provider's own 5xx. */
function listedRow(answer: Answer, envelope: Envelope | undefined): HttpErrorRow | undefined {
  const numbers = [envelope?.code ?? 0, answer.status];
  const rows = numbers.map((number) => HTTP_ERRORS.get(number)).filter((row) => row !== undefined);
  const certain = rows.find((row) => row.accepted === "unknown") ?? rows.find((row) => row.accepted === "no");
  // A gateway's 502 page is not the provider's word, and neither is "500" around an envelope that says 200.
  if (certain !== undefined || envelope === undefined || envelope.code === 200) return certain;
  return rows[0];
}

/** 408, 409, 425 and 499 tell of a request that may have begun; the other 4xx tell of one that was turned away. */
function refusesTheRequest(code: number): boolean {
  return Number.isInteger(code) && code >= 400 && code < 500 && ![408, 409, 425, 499].includes(code);
}

function knownFailCode(envelope: Envelope | undefined): FailCodeRow | undefined {
  return envelope?.failCodes.map(findFailCode).find((row) => row !== undefined);
}

function byFailCode(
  answer: Answer,
  envelope: Envelope | undefined,
  row: FailCodeRow,
  nowMs: number,
): SubmitVerdict {
  const meaning = `The provider refused the request (${row.code})`;
  return refusal(answer, envelope, nowMs, {
    kind: row.submitKind,
    class: row.class,
    code: row.code,
    meaning,
  });
}

type Reason = Pick<FailureDetails, "kind" | "class" | "code"> & { meaning: string };

function refusal(
  answer: Answer,
  envelope: Envelope | undefined,
  nowMs: number,
  { kind, class: failureClass, code, meaning }: Reason,
): SubmitVerdict {
  const retryAfterMs = parseRetryAfterMs(answer.retryAfter, { date: answer.date, nowMs });
  return {
    accepted: false,
    failure: {
      kind,
      class: failureClass,
      code,
      message: answerMessage(meaning, answer, envelope),
      httpStatus: answer.status,
      requestLeft: true,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  };
}

/** Carries the answer itself: whoever has to decide about the order looks for a trace of its task in it. */
function unconfirmed(
  answer: Answer,
  envelope: Envelope | undefined,
  code: string,
  meaning: string,
): SubmitVerdict {
  const body = answer.body.replaceAll(/\s+/g, " ").trim();
  return {
    accepted: false,
    failure: {
      kind: "unconfirmed",
      class: "unknown",
      code,
      message: answerMessage(`${meaning}; a task may exist`, answer, envelope, body),
      httpStatus: answer.status,
      requestLeft: true,
    },
  };
}
