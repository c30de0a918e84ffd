import type { Reading, Standing } from "@rushes/pipeline";
import { refusalOf, type OperatorVerb } from "@rushes/producer";
import { HttpProblem } from "./http-problem.ts";

/** Why the record did not take part in a verb, as the answer to whoever pressed it. Nothing was changed. */
export function verbRefusal(verb: OperatorVerb, standing: Standing, reading: Reading): HttpProblem {
  const { code, detail } = refusalOf(verb, standing, reading);
  return new HttpProblem(code, { detail });
}
