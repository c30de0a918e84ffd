import type { FailureClass, FailureKind } from "@rushes/pipeline";

/** One meaning behind the provider's many spellings. */
export type FailCodeRow = {
  class: FailureClass;
  /** Our own stable word for it, snake_case. */
  code: string;
  /** As the provider writes them; case, spaces, `_` and `-` do not matter. */
  spellings: readonly string[];
  /** What follows when a submit is answered with it at once and nothing was accepted. */
  submitKind: Exclude<FailureKind, "unconfirmed">;
  /**
   * Whether the fail code alone, in an answer without a task, proves that nothing was accepted. A time-out at the
   * provider proves nothing: its upstream may still be working, like behind a 504.
   */
  provesRefusal: boolean;
};

/**
 * The taxonomy of `failCode`. The plain words are from APIXO's page of the model ("Task failure codes"), the
 * CamelCase and CAPITAL spellings also from its other and older pages; "exact values can vary" is their own word.
 */
export const FAIL_CODES: readonly FailCodeRow[] = [
  callerInput("missing_parameter", ["Missing required parameter"]),
  callerInput("invalid_parameter_type", ["Invalid parameter type"]),
  callerInput("invalid_parameter_value", ["Invalid parameter value"]),
  callerInput("parameter_too_long", ["Param length exceeded", "PromptLengthExceeded", "PROMPT_TOO_LONG"]),
  callerInput("invalid_prompt", ["INVALID_PROMPT"]),
  callerInput("invalid_image_url", ["INVALID_IMAGE_URL"]),
  callerInput("image_not_accessible", ["ImageNotAccess", "IMAGE_DOWNLOAD_FAILED"]),
  callerInput("image_too_large", ["IMAGE_TOO_LARGE"]),
  callerInput("unsupported_format", ["UNSUPPORTED_FORMAT"]),
  {
    class: "content_policy",
    code: "content_policy",
    // PromptInvalid stands in the row of the safety checks on APIXO's page; INVALID_PROMPT does not.
    spellings: [
      "SensitiveContent",
      "SensitiveContentDetected",
      "InputImageSensitiveContentDetected",
      "InputOutputSensitiveContentDetected",
      "PromptInvalid",
      "ProhibitedContentDetected",
      "CONTENT_VIOLATION",
      "NSFW",
      "NSFW_DETECTED",
    ],
    submitKind: "refused",
    provesRefusal: true,
  },
  {
    class: "provider_capacity",
    code: "rate_limited",
    spellings: ["RateLimited"],
    submitKind: "throttled",
    provesRefusal: true,
  },
  {
    class: "provider_capacity",
    code: "model_unavailable",
    spellings: ["MODEL_UNAVAILABLE"],
    submitKind: "unavailable",
    provesRefusal: true,
  },
  {
    class: "provider_capacity",
    code: "provider_timeout",
    spellings: ["Timeout", "PROCESSING_TIMEOUT"],
    submitKind: "unavailable",
    provesRefusal: false,
  },
  {
    class: "provider_fault",
    code: "generation_failed",
    spellings: ["GENERATION_FAILED"],
    submitKind: "refused",
    provesRefusal: false,
  },
  {
    class: "account",
    code: "balance_exhausted",
    spellings: ["INSUFFICIENT_CREDITS"],
    submitKind: "misconfigured",
    provesRefusal: true,
  },
  {
    class: "unknown",
    code: "provider_unknown_error",
    spellings: ["Unknown error"],
    submitKind: "refused",
    provesRefusal: false,
  },
];

function callerInput(code: string, spellings: readonly string[]): FailCodeRow {
  return { class: "caller_input", code, spellings, submitKind: "refused", provesRefusal: true };
}

/**
 * Whether a new charge may turn out better after a task failed so. Whether one is allowed is the order's
 * `max_charges`. What is not understood never leads to another charge by itself.
 */
export const NEW_CHARGE_MAY_HELP: Record<FailureClass, boolean> = {
  caller_input: false,
  content_policy: false,
  provider_capacity: true,
  provider_fault: false,
  account: false,
  archive: false,
  operator: false,
  unknown: false,
};

export type FailCodeMeaning = {
  class: FailureClass;
  code: string;
  newChargeMayHelp: boolean;
};

/** What a task's `failCode` means, in any of its spellings. Unknown ones are of class `unknown`. */
export function classifyFailCode(failCode: string): FailCodeMeaning {
  const row = findFailCode(failCode);
  const failureClass = row?.class ?? "unknown";
  return {
    class: failureClass,
    code: row?.code ?? "unrecognised_fail_code",
    newChargeMayHelp: NEW_CHARGE_MAY_HELP[failureClass],
  };
}

/** The row of a fail code, or `undefined` for one that nobody has met yet. */
export function findFailCode(failCode: string): FailCodeRow | undefined {
  return ROWS.get(plain(failCode));
}

function plain(spelling: string): string {
  return spelling.toLowerCase().replaceAll(/[\s_-]/g, "");
}

const ROWS: ReadonlyMap<string, FailCodeRow> = new Map(
  FAIL_CODES.flatMap((row) => row.spellings.map((spelling) => [plain(spelling), row] as const)),
);
