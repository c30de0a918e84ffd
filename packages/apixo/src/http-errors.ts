import type { FailureClass, FailureKind } from "@rushes/pipeline";

/** What an error number means, as the HTTP status or as the envelope's `code`. */
export type HttpErrorRow = {
  /**
   * Whether a submit answered so was accepted, that is, charged:
   * - `no`: certainly not, whoever wrote the body.
   * - `documented_no`: the provider documents "retry", so its own envelope (not a gateway's page) counts as not
   *   accepted, unless the safety is `strict`.
   * - `unknown`: nobody can tell.
   */
  accepted: "no" | "documented_no" | "unknown";
  /** The consequence of a submit that was not accepted. */
  submitKind: FailureKind;
  /** The consequence for the calls that cost nothing and may be repeated. */
  readKind: "throttled" | "unavailable" | "misconfigured";
  class: FailureClass;
  code: string;
  /** For people: how the message begins. */
  meaning: string;
  /**
   * Which fail codes may say it better than the number: `any`, or only those that prove a refusal, or `none`.
   */
  failCodes: "any" | "proving" | "none";
  /** Whether the provider's words may turn it into a refusal of the content. */
  mayBeContentPolicy: boolean;
};

/**
 * From the error table of APIXO's page of the model; 404 and 503 from its other pages. Numbers that are not here
 * are not documented, and a submit answered with one of them is `unconfirmed`, with the exception told in
 * `submit-verdict.ts`.
 */
export const HTTP_ERRORS: ReadonlyMap<number, HttpErrorRow> = new Map<number, HttpErrorRow>([
  [
    400,
    {
      accepted: "no",
      submitKind: "refused",
      // A task that was paid for is never given up because a look at it was refused.
      readKind: "unavailable",
      class: "caller_input",
      code: "invalid_request",
      meaning: "The provider refused the request",
      failCodes: "any",
      mayBeContentPolicy: true,
    },
  ],
  [401, account("key_rejected", "The provider does not know this API key")],
  [402, account("balance_exhausted", "The balance or quota of this API key is used up")],
  [
    403,
    {
      ...account("access_denied", "This API key or its route may not use the model"),
      failCodes: "proving",
      mayBeContentPolicy: true,
    },
  ],
  [
    404,
    {
      ...account("model_not_found", "The provider does not know this address or model"),
      readKind: "unavailable",
    },
  ],
  [
    429,
    {
      accepted: "no",
      submitKind: "throttled",
      readKind: "throttled",
      class: "provider_capacity",
      code: "rate_limited",
      meaning: "The provider's limit on requests or running tasks was reached",
      failCodes: "none",
      mayBeContentPolicy: false,
    },
  ],
  [500, serverError("provider_fault", "provider_error", "The provider had an error of its own")],
  [502, serverError("provider_fault", "upstream_error", "The provider's upstream had an error")],
  [503, serverError("provider_capacity", "provider_unavailable", "The provider is unavailable for now")],
  [
    504,
    {
      ...serverError("provider_fault", "gateway_timeout", "The provider's upstream did not answer in time"),
      accepted: "unknown",
      submitKind: "unconfirmed",
      failCodes: "none",
    },
  ],
]);

function account(code: string, meaning: string): HttpErrorRow {
  return {
    accepted: "no",
    submitKind: "misconfigured",
    readKind: "misconfigured",
    class: "account",
    code,
    meaning,
    failCodes: "none",
    mayBeContentPolicy: false,
  };
}

function serverError(failureClass: FailureClass, code: string, meaning: string): HttpErrorRow {
  return {
    accepted: "documented_no",
    submitKind: "unavailable",
    readKind: "unavailable",
    class: failureClass,
    code,
    meaning,
    failCodes: "proving",
    mayBeContentPolicy: false,
  };
}

/**
 * How the provider words a refusal of the content. 403 is used for that and for missing rights alike, so here,
 * and only here, a message is read by code.
 */
const CONTENT_POLICY_WORDING: readonly RegExp[] = [
  /sensitive/i,
  /\bnsfw\b/i,
  /\bmoderation\b/i,
  /\b(prohibited|unsafe|inappropriate|illegal) content\b/i,
  /\bcontent (polic|violat|safety|filter)/i,
  /\bcontent\b.{0,40}\bviolat/i,
  /\bviolat\w*\b.{0,40}\b(content|safety|usage|community)\b/i,
  /\bsafety (check|system|polic|filter)/i,
  /敏感|违规/,
];

export function soundsLikeContentPolicy(message: string): boolean {
  return CONTENT_POLICY_WORDING.some((pattern) => pattern.test(message));
}
