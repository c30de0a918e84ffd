import { isCredentialName } from "./credential-name.ts";
import { MASK, scrubText } from "./scrub-text.ts";

/**
 * Bounds of one log entry, so that a logged response or list can neither fill a disk nor hold up the process.
 * All are round figures well above what our own entries need.
 */
const MAX_DEPTH = 8;
const MAX_PROPERTIES = 60;
const MAX_CHARACTERS = 8192;
/** A text is cut this much further on, scrubbed, and then cut here: so no secret survives by being cut in two. */
const CUT_MARGIN = 4096;

/**
 * Answers a copy of JSON data that may be printed: what stands under a credential's name is masked, every other
 * text is scrubbed, and depth, width and length are bounded.
 */
export function scrubEntry(value: unknown, secrets: readonly string[], depth = 0): unknown {
  if (typeof value === "string") return scrubLongText(value, secrets);
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_DEPTH) return "[deeper]";
  if (Array.isArray(value)) {
    const items: unknown[] = value
      .slice(0, MAX_PROPERTIES)
      .map((item) => scrubEntry(item, secrets, depth + 1));
    if (value.length > items.length) items.push(`[${value.length - items.length} more]`);
    return items;
  }
  const properties = Object.entries(value);
  const kept = properties.slice(0, MAX_PROPERTIES).map(([name, property]) => {
    const hides = isCredentialName(name) && property !== null && typeof property !== "boolean";
    return [scrubText(name, secrets), hides ? MASK : scrubEntry(property, secrets, depth + 1)] as const;
  });
  if (properties.length > kept.length) kept.push(["more", `[${properties.length - kept.length} more]`]);
  return Object.fromEntries(kept);
}

function scrubLongText(text: string, secrets: readonly string[]): string {
  if (text.length <= MAX_CHARACTERS) return scrubText(text, secrets);
  const scrubbed = scrubText(text.slice(0, MAX_CHARACTERS + CUT_MARGIN), secrets);
  // Counted from the end, for scrubbing may have shortened what stands before it.
  return `${scrubbed.slice(0, -CUT_MARGIN)}… [cut, ${text.length} characters in all]`;
}
