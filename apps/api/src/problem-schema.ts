import { z } from "zod";
import { PROBLEM_TYPE } from "./http-problem.ts";
import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";

const fieldError = z.strictObject({
  field: z.string().describe("Where it is wrong: input.image_urls[0]"),
  message: z.string(),
});

/** A problem document of RFC 9457, as it is answered. */
export const problemSchema = z.strictObject({
  type: z.string().describe("Where the code is explained"),
  title: z.string(),
  status: z.int(),
  code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]).describe("Stable; branch on this"),
  detail: z.string(),
  errors: z.array(fieldError).optional(),
  errors_omitted: z.int().optional(),
  request_id: z.string().optional(),
});

/** Problems that any route may answer. */
const ANYWHERE = ["malformed_request"] as const satisfies readonly ProblemCode[];
/** And any that needs a key. */
const WITH_KEY = ["unauthorized", "invalid_query", "too_many_requests", "redis_unavailable"] as const;
/** Whoever may find a body invalid meets these before. */
const OF_BODIES = ["malformed_json", "body_too_large", "unsupported_media_type"] as const;
const CHECKS_BODY: ReadonlySet<ProblemCode> = new Set(["invalid_body", "invalid_order"]);

/**
 * For the documentation: the answers of a keyed route other than the wanted one. The compiler is told of none of them,
 * because problems are thrown and never sent by a handler.
 */
export function problemAnswers(...codes: readonly ProblemCode[]): object {
  const ofBodies = codes.some((code) => CHECKS_BODY.has(code)) ? OF_BODIES : [];
  return answersOf([...codes, ...ofBodies, ...WITH_KEY, ...ANYWHERE]);
}

/** The same for a route that needs no key. */
export function openProblemAnswers(): object {
  return answersOf(ANYWHERE);
}

function answersOf(codes: readonly ProblemCode[]): object {
  const answers: Record<number, unknown> = {};
  for (const status of new Set(codes.map((code) => PROBLEMS[code].status))) {
    const own = new Set(codes.filter((code) => PROBLEMS[code].status === status));
    answers[status] = {
      description: [...own].join(" · "),
      content: { [PROBLEM_TYPE]: { schema: problemSchema } },
    };
  }
  return answers;
}
