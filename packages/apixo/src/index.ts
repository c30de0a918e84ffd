export { ACCOUNTS_FIX, parseAccounts, type ListedAccount } from "./account-list.ts";
export type { Answer } from "./answer.ts";
export type { ApiKey } from "./api-key.ts";
export { createApixoClient, type ApixoClient } from "./client.ts";
export {
  APIXO_BASE_URL,
  DEFAULT_USER_AGENT,
  type ApixoClientOptions,
  type ApixoOperation,
  type ApixoRequestEvent,
} from "./client-options.ts";
export { parseEnvelope, type Envelope } from "./envelope.ts";
export {
  classifyFailCode,
  FAIL_CODES,
  NEW_CHARGE_MAY_HELP,
  type FailCodeMeaning,
  type FailCodeRow,
} from "./fail-codes.ts";
export { HTTP_ERRORS, type HttpErrorRow } from "./http-errors.ts";
export { judgeBalance, judgeStatus, type ReadVerdict } from "./read-verdict.ts";
export { parseResultUrls } from "./result-urls.ts";
export { parseRetryAfterMs } from "./retry-after.ts";
export { judgeSubmit, type SubmitSafety, type SubmitVerdict } from "./submit-verdict.ts";
export { readTaskReport } from "./task-report.ts";
