import { createHmac } from "node:crypto";

/** The headers of Standard Webhooks for one attempt; `webhook-signature` has one entry per key. */
export function signedHeaders(
  webhook: { id: string; body: string; atMs: number },
  keys: readonly Uint8Array[],
): Record<string, string> {
  const timestamp = String(Math.floor(webhook.atMs / 1000));
  const content = `${webhook.id}.${timestamp}.${webhook.body}`;
  const signatures = keys.map((key) => `v1,${createHmac("sha256", key).update(content).digest("base64")}`);
  return {
    "webhook-id": webhook.id,
    "webhook-timestamp": timestamp,
    "webhook-signature": signatures.join(" "),
  };
}
