/** What goes back over the wire for one request. Faults and routes build these; `send-answer.ts` writes them. */
export type Answer =
  /** The provider's envelope `{code, message, data}`. `data` undefined leaves the field out. */
  | EnvelopeAnswer
  /** Any other body: a gateway's page, broken JSON, nothing. */
  | { kind: "body"; status: number; contentType: string; body: string; headers?: Record<string, string> }
  /** Announces the whole body and drops the connection in the middle of it. */
  | { kind: "cut"; status: number; contentType: string; body: string }
  /** Drops the connection with a TCP reset, without a byte of answer. */
  | { kind: "reset" }
  /** Never answers; the connection stays open until the client or the sandbox ends it. */
  | { kind: "hang" };

export type EnvelopeAnswer = {
  kind: "envelope";
  status: number;
  code: number;
  message: string;
  data: unknown;
  headers?: Record<string, string>;
};

/** HTTP statuses with the meaning the provider's page gives them. */
export const STATUS_MEANINGS: Readonly<Record<number, string>> = {
  400: "Invalid request body, missing required field, unsupported mode, or rejected input",
  401: "Missing or invalid API key",
  402: "Insufficient balance or quota",
  403: "Key or route cannot access the model",
  404: "Unknown model or task",
  429: "Rate limit or concurrency limit reached",
  500: "Server error",
  502: "Upstream service error",
  503: "Service temporarily unavailable",
  504: "Upstream timeout",
};

export function success(data: unknown): EnvelopeAnswer {
  return { kind: "envelope", status: 200, code: 200, message: "success", data };
}

/** An error in the documented form: the HTTP status repeated as `code`, `data` null. */
export function refusal(status: number, message = STATUS_MEANINGS[status] ?? "Error"): EnvelopeAnswer {
  return { kind: "envelope", status, code: status, message, data: null };
}

/** What a gateway in front of the provider says by itself: HTML, not the provider's envelope. */
export function gatewayPage(status: number): Answer {
  const title = `${status} ${STATUS_MEANINGS[status] ?? "Error"}`;
  return {
    kind: "body",
    status,
    contentType: "text/html",
    body: `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center><hr></body></html>\n`,
  };
}

/** The status for a log line: the HTTP status, or what happened instead of one. */
export function outcomeOf(answer: Answer): number | "cut" | "reset" | "hang" {
  return answer.kind === "envelope" || answer.kind === "body" ? answer.status : answer.kind;
}
