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

/** Problems that any route under `/v1` may answer. */
const EVERYWHERE = ["unauthorized", "invalid_query", "too_many_requests", "redis_unavailable"] as const;

/**
 * For the documentation: the answers of a keyed route other than the wanted one. The compiler is told of none of them,
 * because problems are thrown and never sent by a handler.
 */
export function problemAnswers(...codes: readonly ProblemCode[]): object {
  const answers: Record<number, unknown> = {};
  for (const status of new Set([...codes, ...EVERYWHERE].map((code) => PROBLEMS[code].status))) {
    const own = [...codes, ...EVERYWHERE].filter((code) => PROBLEMS[code].status === status);
    answers[status] = {
      description: own.join(" · "),
      content: { [PROBLEM_TYPE]: { schema: problemSchema } },
    };
  }
  return answers;
}
