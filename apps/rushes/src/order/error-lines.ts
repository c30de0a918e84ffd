import type { FieldProblem, RushesError } from "@rushes/client";
import { printable } from "../operate/video-lines.ts";
import { flagOfField } from "./order-from-flags.ts";

/** What is different for those who come over the command line. */
const HINTS: Readonly<Record<string, string>> = {
  unauthorized: "Set RUSHES_API_KEY to a key of the api.",
  unreachable: "Is it running? RUSHES_URL says where it is.",
  unexpected_answer: "RUSHES_URL must be the address of the api.",
  over_budget: "Repeat it tomorrow (UTC), or ask an operator to raise BUDGET_USD_PER_DAY.",
  video_not_found: "rushes list shows the videos of your key.",
  content_not_ready: "rushes watch waits for it.",
};

/** What to tell a person, and what to do. */
export function errorLines(error: RushesError): string[] {
  const [said = "", ...rest] = error.message.split("\n");
  const fields = error.errors.length > 0 ? error.errors.map(fieldLine) : rest;
  const { code, isUnsure, idempotencyKey: key, ordered } = error;
  const lines = [printable(said), ...fields];
  const hint = HINTS[code];
  if (hint !== undefined) lines.push(hint);
  if (ordered.length > 0) lines.push(`${ordered.length} videos had been ordered before that.`);
  if (key !== null && (isUnsure || ordered.length > 0))
    lines.push(`Repeat the same with --idempotency-key ${key}: what was ordered is not ordered again.`);
  return lines;
}

/** Fields of one order are flags to whoever typed it; in a file they are fields of a line. */
function fieldLine({ field, message, item }: FieldProblem): string {
  const told = printable(message);
  if (item !== null) return `  order ${item + 1}, ${field === "" ? "" : `${field}: `}${told}`;
  return `  ${flagOfField(field)}: ${told}`;
}
