import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";

/** Standard input and output, or a test's. */
export type Conversation = {
  input: Readable & { isTTY?: boolean };
  output: Writable & { isTTY?: boolean };
};

/**
 * Asks a person whether to go on; everything but yes means no, and so does leaving. Where nobody sits at a terminal the
 * command itself is the word of whoever wrote the script, and nothing is asked.
 */
export async function confirm(question: string, { input, output }: Conversation): Promise<boolean> {
  if (input.isTTY !== true || output.isTTY !== true) return true;
  const lines = createInterface({ input, output });
  try {
    // A question whose reader has gone would never be answered.
    const left = once(lines, "close").then(() => "");
    const answer = await Promise.race([lines.question(`${question} [y/N] `), left]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
