import type { Sandbox } from "@rushes/sandbox";

/** What the provider saw and charged for one prompt. */
export type PromptBill = {
  /** How often it was posted, accepted or not. */
  posts: number;
  charges: number;
  /** What the charges come to, without those that were given back. */
  netUsd: number;
};

/** Orders are told apart by their prompt, so a test's prompts must be its own. */
export function billFor(sandbox: Sandbox, prompt: string): PromptBill {
  const posts = sandbox.journal().filter((entry) => entry.operation === "submit" && entry.prompt === prompt);
  const charges = sandbox.bill().charges.filter((charge) => charge.prompt === prompt);
  const standing = charges.filter((charge) => charge.refundedTime === null);
  const netMicros = standing.reduce((sum, { priceUsd }) => sum + Math.round(priceUsd * 1e6), 0);
  return { posts: posts.length, charges: charges.length, netUsd: netMicros / 1e6 };
}
