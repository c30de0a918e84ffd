import { HttpProblem } from "./http-problem.ts";

/** Visible ASCII: a key that was sent twice arrives as one text with a comma and a space, and is refused. */
const USABLE = /^[\x21-\x7e]{1,255}$/;

/**
 * The `Idempotency-Key` of an order; null when there is none and none is required.
 *
 * @throws HttpProblem `idempotency_key_missing` or `idempotency_key_invalid`
 */
export function readIdempotencyKey(
  header: string | string[] | undefined,
  isRequired: boolean,
): string | null {
  if (header === undefined) {
    if (isRequired) throw new HttpProblem("idempotency_key_missing");
    return null;
  }
  if (typeof header !== "string" || !USABLE.test(header)) throw new HttpProblem("idempotency_key_invalid");
  return header;
}
