import type { Answer } from "./answer.ts";
import type { Envelope } from "./envelope.ts";

/**
 * For people only: `The balance of this key is used up (HTTP 200, code 402): insufficient quota`. The words are the
 * provider's unless others are given.
 */
export function answerMessage(
  meaning: string,
  answer: Answer,
  envelope: Envelope | undefined,
  words = envelope?.message ?? "",
): string {
  const code = envelope?.code === undefined ? "" : `, code ${envelope.code}`;
  return `${meaning} (HTTP ${answer.status}${code})${words === "" ? "" : `: ${words}`}`;
}
