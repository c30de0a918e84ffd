import { HttpProblem } from "./http-problem.ts";
import { isRedisAway } from "./redis-away.ts";
import type { ProblemCode } from "./problem-codes.ts";

/** What fastify refuses by itself, before a route sees it. */
const FASTIFY_CODES: Readonly<Record<string, ProblemCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "unsupported_media_type",
  FST_ERR_CTP_BODY_TOO_LARGE: "body_too_large",
  FST_ERR_CTP_INVALID_JSON_BODY: "malformed_json",
  FST_ERR_CTP_EMPTY_JSON_BODY: "malformed_json",
  FST_ERR_BAD_URL: "route_not_found",
  FST_ERR_MAX_PARAM_LENGTH: "route_not_found",
};

/** Long enough for a connection to come back, short enough that nobody notices. */
const RETRY_AFTER_S = "1";

/** The answer to whatever was thrown. What nobody expected is `internal_error`, and says nothing of itself. */
export function findProblem(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (isRedisAway(error)) {
    return new HttpProblem("redis_unavailable", { headers: { "retry-after": RETRY_AFTER_S } });
  }
  const { code, statusCode } = readFields(error);
  const known = FASTIFY_CODES[code];
  if (known !== undefined) return new HttpProblem(known);
  return new HttpProblem(statusCode >= 400 && statusCode < 500 ? "malformed_request" : "internal_error");
}

function readFields(error: unknown): { code: string; statusCode: number } {
  if (typeof error !== "object" || error === null) return { code: "", statusCode: 0 };
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  return {
    code: typeof code === "string" ? code : "",
    statusCode: typeof statusCode === "number" ? statusCode : 0,
  };
}
