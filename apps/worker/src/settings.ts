import { z } from "zod";
import {
  bucketAccess,
  commaList,
  dollarAmount,
  durationMs,
  flag,
  httpUrl,
  PAIRED_KEYS,
  parseEnvironment,
  plainText,
  port,
  publicUrl,
  positiveInteger,
  Secret,
  secretText,
  setting,
  traceExport,
  type Environment,
} from "@rushes/lifecycle";
import { ACCOUNTS_FIX, parseAccounts } from "@rushes/apixo";
import { LOG_LEVELS } from "@rushes/telemetry";
import { DEFAULT_KEY_TEMPLATE, isKeyTemplate, KEY_TEMPLATE_RULE } from "@rushes/video-store";
import { parseWebhookSecrets } from "@rushes/webhooks";

export const ROLES = ["submit", "poll", "archive", "notify", "sweep"] as const;
export type Role = (typeof ROLES)[number];

/** Every role, whichever they are, needs these. */
const common = {
  ROLES: commaList(z.enum(ROLES), ROLES),
  REDIS_URL: plainText("a redis:// or rediss:// address", "redis://127.0.0.1:6379"),
  /** What a power cut of the Redis machine may cost: its last second, or nothing. */
  REDIS_DURABILITY: z.enum(["everysec", "always"]).default("everysec"),
  /** The operator vouches for it where Redis does not show it. */
  REDIS_DURABILITY_CONFIRMED: flag(false),
  HOST: plainText("the address to listen on", "127.0.0.1"),
  HEALTH_PORT: port(8081),
  DRAIN_MS: durationMs(30_000),
  LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
  BUDGET_USD_PER_DAY: dollarAmount().optional(),
  LEASE_MAX_MS: durationMs(1_800_000),
  SUBMIT_TIMEOUT_MS: durationMs(30_000),
  SUBMIT_MARGIN_MS: durationMs(5_000),
  RETRY_MIN_MS: durationMs(1_000),
  RETRY_MAX_MS: durationMs(60_000),
  BILL_FAILED_TASKS: flag(false),
  SWEEP_EVERY_MS: durationMs(2_000),
  RECORD_DAYS: durationMs(30),
  UNCONFIRMED_POLICY: z.enum(["hold", "write_off", "release"]).default("hold"),
  UNCONFIRMED_AFTER_MS: durationMs(3_600_000),
  ...traceExport,
};

/** The roles that talk to the provider: submit, poll and archive (which asks for fresh result URLs). */
const provider = {
  APIXO_API_KEY: secretText("the provider's API key").optional(),
  /** Several keys, each an account of its own; in place of `APIXO_API_KEY`. */
  APIXO_ACCOUNTS: setting(ACCOUNTS_FIX, (text) =>
    parseAccounts(text)?.map((account) => ({ ...account, key: new Secret(account.key) })),
  ).optional(),
  APIXO_BASE_URL: httpUrl("https://api.apixo.ai/api/v1"),
  SUBMIT_SAFETY: z.enum(["documented", "strict"]).default("documented"),
  /** Set → the provider is asked to call back there, with tokens signed by `CALLBACK_SECRET`. */
  PUBLIC_URL: publicUrl().optional(),
  CALLBACK_SECRET: secretText("the secret that signs callbacks, the same for api and workers").optional(),
  POLL_FIRST_MS: durationMs(60_000),
  POLL_MIN_MS: durationMs(5_000),
  POLL_MAX_MS: durationMs(10_000),
  LATE_AFTER_MS: durationMs(900_000),
  LATE_EVERY_MAX_MS: durationMs(600_000),
  RESULT_PLAN_MS: durationMs(86_400_000),
  RESULT_LIFE_MS: durationMs(1_296_000_000),
  /** Tasks in flight, and requests per window, of every account that does not say otherwise; unset = learned. */
  LIMIT_CONCURRENCY: positiveInteger().optional(),
  LIMIT_RATE: positiveInteger().optional(),
  LIMIT_RATE_WINDOW_MS: durationMs(60_000),
  /** Multiplies the times that an account's limits and closings are kept by. */
  LIMIT_TIME_SCALE: durationMs(1),
  /** How often one of all replicas asks for the account's balance; a quarter of that while it is closed. */
  BALANCE_EVERY_MS: durationMs(60_000),
  SUBMIT_CONCURRENCY: positiveInteger(10),
  POLL_CONCURRENCY: positiveInteger(50),
};

const archive = {
  ARCHIVE_BUCKET: plainText("the bucket for finished files"),
  ARCHIVE_PREFIX: plainText("a key prefix", ""),
  /** Where files go below the prefix, from `{video_id}`, `{date}`, `{mode}` and `{n}`. */
  ARCHIVE_KEY: setting(
    KEY_TEMPLATE_RULE,
    (text) => (isKeyTemplate(text) ? text : undefined),
    DEFAULT_KEY_TEMPLATE,
  ),
  ...bucketAccess,
  DOWNLOAD_HOSTS: commaList(plainText("a host name"), []),
  DOWNLOAD_MAX_BYTES: positiveInteger(2 * 1024 ** 3),
  ALLOW_PRIVATE_DOWNLOADS: flag(false),
  ARCHIVE_CONCURRENCY: positiveInteger(8),
};

/** About three days in all: from a restarted receiver to a long weekend. */
const WEBHOOK_RETRY_MS = [
  5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
];

const notify = {
  /** Not needed where nobody orders webhooks; without it those that are owed wait. */
  WEBHOOK_SECRET: setting(
    "must be whsec_ and 24 to 64 bytes in base64, or several such, separated by commas",
    (text) => (parseWebhookSecrets(text) ? new Secret(text) : undefined),
  ).optional(),
  /** The gap after each failed attempt; when they are used up the webhook is given up. */
  WEBHOOK_RETRY_MS: commaList(durationMs(), WEBHOOK_RETRY_MS),
  ALLOW_PRIVATE_WEBHOOKS: flag(false),
  NOTIFY_CONCURRENCY: positiveInteger(20),
};

export type CommonSettings = z.output<z.ZodObject<typeof common>>;
export type ProviderSettings = z.output<z.ZodObject<typeof provider>>;
export type ArchiveSettings = z.output<z.ZodObject<typeof archive>>;
export type NotifySettings = z.output<z.ZodObject<typeof notify>>;

export type WorkerSettings = {
  common: CommonSettings;
  /** Null when no role of this process talks to the provider. */
  provider: ProviderSettings | null;
  archive: ArchiveSettings | null;
  notify: NotifySettings | null;
};

/**
 * What the roles of this process need and nothing else, so that a poll worker runs without a bucket. The roles come
 * from the environment too, so the schema does.
 */
export function settingsSchema(environment: Environment) {
  const roles = parseRoles(environment);
  return checked(
    z.object({
      ...common,
      ...(roles.some(talksToProvider) ? provider : {}),
      ...(roles.includes("archive") ? archive : {}),
      ...(roles.includes("notify") ? notify : {}),
    }),
  );
}

export function groupSettings(settings: object): WorkerSettings {
  const all = settings as CommonSettings & ProviderSettings & ArchiveSettings & NotifySettings;
  return {
    common: all,
    provider: all.ROLES.some(talksToProvider) ? all : null,
    archive: all.ROLES.includes("archive") ? all : null,
    notify: all.ROLES.includes("notify") ? all : null,
  };
}

/** What traces call this process: by its role, where it has but one. */
export function serviceName(roles: readonly Role[]): string {
  const [only = "worker", ...others] = roles;
  return `rushes-${others.length === 0 ? only : "worker"}`;
}

function talksToProvider(role: Role): boolean {
  return role === "submit" || role === "poll" || role === "archive";
}

/** A wrong role list must not hide the other problems: then everything is checked. */
function parseRoles(environment: Environment): readonly Role[] {
  try {
    return parseEnvironment(z.object({ ROLES: common.ROLES }), environment).ROLES;
  } catch {
    return ROLES;
  }
}

function checked(schema: z.ZodObject): z.ZodObject {
  return schema
    .refine((all) => !("POLL_MIN_MS" in all) || Number(all["POLL_MIN_MS"]) <= Number(all["POLL_MAX_MS"]), {
      path: ["POLL_MIN_MS"],
      error: "must not be above POLL_MAX_MS",
    })
    .refine(
      (all) => !("POLL_MIN_MS" in all) || (all["APIXO_API_KEY"] ?? all["APIXO_ACCOUNTS"]) !== undefined,
      {
        path: ["APIXO_API_KEY"],
        error: "must be set to the provider's API key, or APIXO_ACCOUNTS to several",
        when: () => true,
      },
    )
    .refine((all) => all["APIXO_API_KEY"] === undefined || all["APIXO_ACCOUNTS"] === undefined, {
      path: ["APIXO_ACCOUNTS"],
      error: "must not be set together with APIXO_API_KEY: move that key into the list",
    })
    .refine((all) => all["PUBLIC_URL"] === undefined || all["CALLBACK_SECRET"] !== undefined, {
      path: ["CALLBACK_SECRET"],
      error: "must be set with PUBLIC_URL, the same for api and workers",
    })
    .refine((all) => Number(all["RETRY_MIN_MS"]) <= Number(all["RETRY_MAX_MS"]), {
      path: ["RETRY_MIN_MS"],
      error: "must not be above RETRY_MAX_MS",
    })
    .refine(PAIRED_KEYS.isPaired, PAIRED_KEYS.rule);
}
