export { parseWebhookSecrets } from "./webhook-secrets.ts";
export { openWebhookSender, type WebhookSender, type WebhookSenderSettings } from "./webhook-sender.ts";
