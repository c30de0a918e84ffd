import type { z } from "zod";
import type { FieldError } from "./http-problem.ts";

/** A field's name comes from the request and goes back in the answer, so it is cut. */
const MAX_NAME_CHARACTERS = 100;

/** `["input", "image_urls", 0]` → `input.image_urls[0]`; the empty path is the body itself. */
export function fieldName(path: readonly PropertyKey[]): string {
  let name = "";
  for (const step of path) {
    if (typeof step === "number") name += `[${step}]`;
    else name += name === "" ? cut(String(step)) : `.${cut(String(step))}`;
  }
  return name === "" ? "body" : name;
}

function cut(name: string): string {
  return name.length > MAX_NAME_CHARACTERS ? `${name.slice(0, MAX_NAME_CHARACTERS).toWellFormed()}…` : name;
}

/** One entry per field that is wrong. `what` names a thing that is not known: `field`, `query parameter`. */
export function fieldErrors(issues: readonly z.core.$ZodIssue[], what: string): FieldError[] {
  return issues.flatMap((issue) => {
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({
        field: fieldName([...issue.path, key]),
        message: `unknown ${what}`,
      }));
    }
    return [{ field: fieldName(issue.path), message: messageOf(issue) }];
  });
}

/** zod's own words where the schema has none of ours. */
function messageOf(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_type" && issue.path.length === 0) return "the body must be a JSON object";
  return issue.message;
}
