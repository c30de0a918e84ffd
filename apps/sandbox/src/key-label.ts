import { createHash } from "node:crypto";

const LABEL = /^key_[0-9a-f]{8}$/;

/** A name for an API key that can be shown: `key_` and the first 8 hex digits of its SHA-256. */
export function keyLabel(key: string): string {
  return `key_${createHash("sha256").update(key).digest("hex").slice(0, 8)}`;
}

/** Accepts a key or its label and returns the label, so that settings can name a key without holding it. */
export function asKeyLabel(keyOrLabel: string): string {
  return LABEL.test(keyOrLabel) ? keyOrLabel : keyLabel(keyOrLabel);
}
