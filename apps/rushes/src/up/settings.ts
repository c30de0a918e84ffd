import { plainText, port } from "@rushes/lifecycle";
import { z } from "zod";

/** What `up` itself wants to know of the environment; everything else is for its children. */
export const upSchema = z.object({
  REDIS_URL: plainText("the address of a Redis server").optional(),
  ARCHIVE_BUCKET: plainText("the name of a bucket").optional(),
  // Only whether there is one matters here; the worker reads it.
  APIXO_API_KEY: plainText("an API key").optional(),
  APIXO_ACCOUNTS: plainText("a list of accounts").optional(),
  API_KEYS: plainText("a list of callers").optional(),
  BOARD_USERS: plainText("a list of logins").optional(),
  // Only whether there is one matters here; the worker reads it.
  WEBHOOK_SECRET: plainText("a secret that signs webhooks").optional(),
  PORT: port().optional(),
  HEALTH_PORT: port().optional(),
  BOARD_PORT: port().optional(),
});

export type UpSettings = z.output<typeof upSchema>;

/** Which parts come with `up`; the others are the ones the environment names. */
export type Embedded = { redis: boolean; store: boolean; sandbox: boolean };

export function embeddedParts(settings: UpSettings): Embedded {
  return {
    redis: settings.REDIS_URL === undefined,
    store: settings.ARCHIVE_BUCKET === undefined,
    sandbox: settings.APIXO_API_KEY === undefined && settings.APIXO_ACCOUNTS === undefined,
  };
}
