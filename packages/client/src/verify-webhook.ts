import { createHmac, timingSafeEqual } from "node:crypto";
import type { WebhookEventName } from "./order.ts";
import { RushesError } from "./rushes-error.ts";
import type { Video } from "./video.ts";

/** What a webhook says. */
export type WebhookEvent = {
  type: `video.${WebhookEventName}`;
  /** When it happened, ISO 8601. */
  timestamp: string;
  /** The video as it was at the first attempt. `truncated` names what a body over 20 kB had to leave out. */
  data: Video & { truncated?: readonly string[] };
};

/** As Node, fastify and express have them, or as `fetch` does. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/** Standard Webhooks: what is older may be somebody else's recording. */
const TOLERANCE_S = 300;

/**
 * Checks that a webhook comes from your Rushes and was not altered, and answers what it says. A webhook may come twice
 * or out of order: go by its `webhook-id`.
 *
 * @param rawBody the bytes as they came; once parsed and written again, they may be other ones
 * @param secret `WEBHOOK_SECRET` of the workers; several, by commas or as a list, while you change it
 * @throws RushesError `webhook_refused`; TypeError for a secret or a body that cannot be used
 */
export function verifyWebhook(
  headers: WebhookHeaders,
  rawBody: string | Uint8Array,
  secret: string | readonly string[],
  { nowMs = Date.now() }: { nowMs?: number } = {},
): WebhookEvent {
  const keys = readSecrets(secret);
  if (typeof rawBody !== "string" && !(rawBody instanceof Uint8Array))
    throw new TypeError("rawBody must be the text or the bytes as they came, not what was parsed from them");
  const [id, timestamp, signatures] = ["id", "timestamp", "signature"].map((name) =>
    readHeader(headers, `webhook-${name}`),
  ) as [string, string, string];
  if (!/^\d{1,12}$/.test(timestamp)) throw refused("its webhook-timestamp is no unix time");
  if (Math.abs(nowMs / 1000 - Number(timestamp)) > TOLERANCE_S)
    throw refused(`its webhook-timestamp is more than ${TOLERANCE_S / 60} minutes away from this clock`);
  const given = signatures.split(" ").flatMap((one) => (one.startsWith("v1,") ? [one.slice(3)] : []));
  const isSigned = keys.some((key) => {
    const expected = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(rawBody).digest();
    return given.some((signature) => isSame(Buffer.from(signature, "base64"), expected));
  });
  if (!isSigned) throw refused("it is not signed by this secret, or was altered on its way");
  return JSON.parse(typeof rawBody === "string" ? rawBody : Buffer.from(rawBody).toString()) as WebhookEvent;
}

function refused(why: string): RushesError {
  return new RushesError("webhook_refused", `The webhook is not accepted: ${why}.`);
}

function isSame(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function readHeader(headers: WebhookHeaders, name: string): string {
  const found =
    headers instanceof Headers
      ? headers.get(name)
      : Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
  const value = Array.isArray(found) ? found.join(" ") : found;
  if (typeof value !== "string" || value === "") throw refused(`it has no ${name}`);
  return value;
}

const SECRET = /^whsec_([A-Za-z0-9+/]{32,}={0,2})$/;

function readSecrets(secret: string | readonly string[]): Buffer[] {
  const words = (typeof secret === "string" ? [secret] : secret).flatMap((text) => text.split(/[\s,]+/));
  const keys = words.filter(Boolean).map((word) => {
    const base64 = SECRET.exec(word)?.[1];
    // An empty or cut key would accept what anybody signs with it.
    if (base64 === undefined)
      throw new TypeError("a webhook secret is whsec_ and base64 of at least 24 bytes");
    return Buffer.from(base64, "base64");
  });
  if (keys.length === 0) throw new TypeError("verifyWebhook needs a secret: WEBHOOK_SECRET of the workers");
  return keys;
}
