import { z } from "zod";

/** What a caller can be told of. */
export const WEBHOOK_EVENTS = [
  "submitted",
  "late",
  "unconfirmed",
  "completed",
  "failed",
  "cancelled",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** The ends: always told, unless the caller names only some of them. */
const ENDS = ["completed", "failed", "cancelled"] as const satisfies readonly WebhookEvent[];

/** Events bear this in front when they are sent; an order may name them either way. */
const TYPE_PREFIX = "video.";
export type WebhookType = `${typeof TYPE_PREFIX}${WebhookEvent}`;
const WEBHOOK_TYPES = WEBHOOK_EVENTS.map(webhookType);

const MAX_URL_CHARACTERS = 2048;

export function webhookType(event: WebhookEvent): WebhookType {
  return `${TYPE_PREFIX}${event}`;
}

function eventOf(name: WebhookEvent | WebhookType): WebhookEvent | undefined {
  return WEBHOOK_EVENTS.find((event) => event === name || webhookType(event) === name);
}

/** Only what the text shows is checked here. Whether the address may be dialled is decided whenever it is. */
export const webhookUrl = z
  .string({ error: "webhook_url must be a string" })
  .max(MAX_URL_CHARACTERS, { error: `webhook_url must have at most ${MAX_URL_CHARACTERS} characters` })
  .refine(isWebhookUrl, {
    error: "webhook_url must be an https (or http) URL without user name and password",
  });

function isWebhookUrl(text: string): boolean {
  if (!text.isWellFormed() || !URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return (protocol === "https:" || protocol === "http:") && username === "" && password === "";
}

const EVENT_RULE = `webhook_events may name ${WEBHOOK_EVENTS.join(", ")}`;

/** Kept without prefix and doubles and in one order, so that orders that mean the same are the same. */
export const webhookEvents = z
  .array(z.enum([...WEBHOOK_EVENTS, ...WEBHOOK_TYPES], { error: EVENT_RULE }), {
    error: "webhook_events must be a list of events",
  })
  .min(1, { error: "webhook_events must name at least one event; leave it out to be told of every end" })
  .overwrite((names) => WEBHOOK_EVENTS.filter((event) => names.some((name) => eventOf(name) === event)));

/**
 * What an order wants to be told of; empty without a URL. The three ends always, unless the list names some of them;
 * the others only when listed.
 */
export function wantedEvents(order: {
  webhook_url?: string | undefined;
  webhook_events?: readonly (WebhookEvent | WebhookType)[] | undefined;
}): readonly WebhookEvent[] {
  if (order.webhook_url === undefined) return [];
  const listed = (order.webhook_events ?? []).flatMap((name) => eventOf(name) ?? []);
  const namesAnEnd = ENDS.some((end) => listed.includes(end));
  return WEBHOOK_EVENTS.filter(
    (event) => listed.includes(event) || (!namesAnEnd && ENDS.some((end) => end === event)),
  );
}
