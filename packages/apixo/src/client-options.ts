import { Failure } from "@rushes/pipeline";
import { revealed, type ApiKey } from "./api-key.ts";
import type { SubmitSafety } from "./submit-verdict.ts";

/** The documented base URL; a trailing slash does not matter. */
export const APIXO_BASE_URL = "https://api.apixo.ai/api/v1";

/** Some gateways refuse requests without a `User-Agent`, so one is always sent. */
export const DEFAULT_USER_AGENT = "rushes-apixo/0.1.0";

export type ApixoOperation = "generateTask" | "statusTask" | "currentBalance";

/** For metrics: one event per request, after it. */
export type ApixoRequestEvent = {
  operation: ApixoOperation;
  /**
   * The HTTP status, also when the body was then cut short; `not_sent` when it is certain that no byte of the
   * request left (known for `generateTask` only); `no_answer` when nothing came back.
   */
  status: number | "not_sent" | "no_answer";
  durationMs: number;
};

export type ApixoClientOptions = {
  baseUrl: string;
  apiKey: ApiKey;
  userAgent?: string;
  /** For the whole POST of `generateTask`, from connecting to the last byte of the answer. */
  submitTimeoutMs: number;
  /** For the whole GET of `statusTask` and `currentBalance`. */
  statusTimeoutMs: number;
  /** Default `documented`. */
  submitSafety?: SubmitSafety;
  /** What it throws is dropped: an observer must not cost a task id. */
  onRequest?: (event: ApixoRequestEvent) => void;
  /** Told each time a task has a state that nobody has met before, as the provider spelled it. */
  onUnknownState?: (state: string) => void;
};

export type Target = { origin: string; basePath: string };

/** Throws a `misconfigured` failure that names the option and never shows its value. */
export function checkedTarget(options: ApixoClientOptions): Target {
  for (const name of ["submitTimeoutMs", "statusTimeoutMs"] as const) {
    if (!Number.isInteger(options[name]) || options[name] <= 0) {
      throw misconfigured(`${name} must be a whole number of milliseconds above 0`);
    }
  }
  for (const [name, value] of [
    ["apiKey", revealed(options.apiKey)],
    ["userAgent", options.userAgent ?? DEFAULT_USER_AGENT],
  ] as const) {
    if (!/^[\x21-\x7E]([\x20-\x7E]*[\x21-\x7E])?$/.test(value)) {
      throw misconfigured(`${name} must be printable ASCII without spaces around it`);
    }
  }
  const url = URL.parse(options.baseUrl);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw misconfigured("baseUrl must be an http or https URL");
  }
  if (`${url.username}${url.password}${url.search}${url.hash}` !== "") {
    throw misconfigured("baseUrl must have no user name, password, query or fragment");
  }
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, "") };
}

function misconfigured(message: string): Failure {
  return new Failure({ kind: "misconfigured", class: "operator", code: "client_options_invalid", message });
}
