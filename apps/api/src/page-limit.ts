import { z } from "zod";

/** The query's `limit`: how many entries a page may have. */
export function pageLimit(most: number, usual: number) {
  const rule = { error: `limit must be an integer from 1 to ${most}` };
  return z.coerce.number(rule).int(rule).min(1, rule).max(most, rule).default(usual);
}
