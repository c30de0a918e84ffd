import { z } from "zod";
import {
  bucketAccess,
  commaList,
  dollarAmount,
  durationMs,
  flag,
  isLoopbackHost,
  PAIRED_KEYS,
  plainText,
  port,
  publicUrl,
  secretText,
  setting,
  traceExport,
} from "@rushes/lifecycle";
import { LOG_LEVELS } from "@rushes/telemetry";
import { parseCallerKey, type CallerKey } from "./caller.ts";
import { EVERY_OTHER_KEY, parseRequestLimit, type RequestLimit } from "./request-limits.ts";

/** What the api reads of the environment. `DRAIN_MS` is how long requests in hand get when it is told to stop. */
export const settingsSchema = z
  .object({
    HOST: plainText("the address to listen on", "127.0.0.1"),
    PORT: port(8080),
    REDIS_URL: setting("must be a redis:// or rediss:// address", parseRedisUrl, "redis://127.0.0.1:6379"),
    /** What a power cut of the Redis machine may cost: its last second, or nothing. */
    REDIS_DURABILITY: z.enum(["everysec", "always"]).default("everysec"),
    /** The operator vouches for it where Redis does not show it. */
    REDIS_DURABILITY_CONFIRMED: flag(false),
    /** Empty only when unset: then everybody is let in, as admin. */
    API_KEYS: commaList(
      setting(
        "must be name:sha256hex or name:sha256hex:admin, the name of 1 to 40 of a-z, 0-9, _ and -",
        parseCallerKey,
      ),
      [],
    )
      .refine((keys) => isDistinct(keys, (key) => key.name), { error: "must name every caller once" })
      .refine((keys) => isDistinct(keys, (key) => key.keyHash.toString("hex")), {
        error: "must not give two callers the same key",
      }),
    /** Requests per minute and key; empty = no limit. */
    API_REQUEST_LIMITS: commaList(
      setting(
        `must be name:count or ${EVERY_OTHER_KEY}:count, requests per minute of that key or of each other key`,
        parseRequestLimit,
      ),
      [],
    ).refine((limits) => isDistinct(limits, ({ name }) => name), { error: "must name every key once" }),
    REQUIRE_IDEMPOTENCY_KEY: flag(true),
    /** Micro-dollars per UTC day; undefined = no budget, 0 = nothing may be ordered. */
    BUDGET_USD_PER_DAY: dollarAmount().optional(),
    /** As the workers have it: how long results live at the provider. */
    RESULT_LIFE_MS: durationMs(1_296_000_000),
    /** Where others reach this api: the provider calls back here. */
    PUBLIC_URL: publicUrl().optional(),
    CALLBACK_SECRET: secretText("the secret that signs callbacks, the same for api and workers").optional(),
    /** Set → links to files are signed, with the credentials below; the api itself never talks to a bucket. */
    ARCHIVE_BUCKET: plainText("the bucket for finished files").optional(),
    ...bucketAccess,
    DRAIN_MS: durationMs(30_000),
    LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
    ...traceExport,
  })
  .refine((all) => all.PUBLIC_URL === undefined || all.CALLBACK_SECRET !== undefined, {
    path: ["CALLBACK_SECRET"],
    error: "must be set with PUBLIC_URL, the same for api and workers",
    when: () => true,
  })
  .refine((all) => namesKnownKeys(all), {
    path: ["API_REQUEST_LIMITS"],
    error: `must name keys of API_KEYS, or ${EVERY_OTHER_KEY}`,
    when: () => true,
  })
  .refine(PAIRED_KEYS.isPaired, { ...PAIRED_KEYS.rule, when: () => true })
  .refine((all) => !letsEverybodyIn(all) || isLoopbackHost(all.HOST), {
    path: ["HOST"],
    error: `must be a loopback address such as 127.0.0.1 while API_KEYS is unset: ${whyLoopback()}`,
    // Said together with the problems of single variables, not only after those are mended.
    when: () => true,
  })
  .refine((all) => !letsEverybodyIn(all) || isLoopbackUrl(all.PUBLIC_URL), {
    path: ["PUBLIC_URL"],
    error: `must be on a loopback host while API_KEYS is unset: ${whyLoopback()}`,
    when: () => true,
  });

export type ApiSettings = z.output<typeof settingsSchema>;

function whyLoopback(): string {
  return "without keys whoever reaches the api may spend money";
}

/** `when` lets the rule run while other variables are wrong, so the list may be missing here. */
function letsEverybodyIn(all: { API_KEYS?: readonly CallerKey[] }): boolean {
  return all.API_KEYS?.length === 0;
}

/** A limit of a key that does not exist would be a typing error that nobody sees. */
function namesKnownKeys({
  API_KEYS: keys,
  API_REQUEST_LIMITS: limits,
}: {
  API_KEYS?: readonly CallerKey[];
  API_REQUEST_LIMITS?: readonly RequestLimit[];
}): boolean {
  // An entry that is wrong, which is told by itself, has no name here; and a list that is wrong is none.
  const names = (list: unknown): unknown[] =>
    Array.isArray(list) ? list.map((entry: { name?: unknown } | undefined) => entry?.name) : [];
  const known = new Set([EVERY_OTHER_KEY, undefined, ...names(keys)]);
  return names(limits).every((name) => known.has(name));
}

function isLoopbackUrl(url: string | undefined): boolean {
  return url === undefined || !URL.canParse(url) || isLoopbackHost(new URL(url).hostname);
}

function isDistinct<Item>(items: readonly Item[], by: (item: Item) => string): boolean {
  return new Set(items.map(by)).size === items.length;
}

function parseRedisUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, hostname } = new URL(text);
  return (protocol === "redis:" || protocol === "rediss:") && hostname !== "" ? text : undefined;
}
