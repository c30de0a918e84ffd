import type { Environment } from "@rushes/lifecycle";
import type { Ports } from "./chosen-ports.ts";
import type { Embedded } from "./settings.ts";

export type PartName = "sandbox" | "api" | "worker" | "board";

/** How much faster than the provider the sandbox is, and with it the schedule. */
export const SPEED = 10;

/** The bucket in the embedded store. */
export const EMBEDDED_BUCKET = "rushes";

/** Work in hand gets this long when everything stops; `up` is a try-out, and Ctrl-C should feel like it. */
export const DRAIN_MS = 5_000;

/** Where the parts are. Ports of parts that are not embedded are 0. */
export type Addresses = {
  redisUrl: string;
  /** Where the sandbox writes down its tasks, so that the next start finds them again. */
  stateFile: string;
  ports: Ports;
};

/** Passwords that `up` hands out. */
export type Credentials = {
  /** `API_KEYS` with a key for the sample order added; unset while everyone is let in. */
  apiKeys: string | undefined;
  boardUsers: string;
  /** Signs webhooks; unset while the environment's own `WEBHOOK_SECRET` does. */
  webhookSecret: string | undefined;
};

/** Secrets, and the parts that have a use for them. A part that has none does not get to see them. */
const SECRETS: Readonly<Record<string, readonly PartName[]>> = {
  REDIS_URL: ["api", "worker", "board"],
  APIXO_API_KEY: ["worker"],
  APIXO_ACCOUNTS: ["worker"],
  API_KEYS: ["api"],
  BOARD_USERS: ["board"],
  CALLBACK_SECRET: ["api", "worker"],
  WEBHOOK_SECRET: ["worker"],
  AWS_ACCESS_KEY_ID: ["api", "worker", "board"],
  AWS_SECRET_ACCESS_KEY: ["api", "worker", "board"],
  AWS_SESSION_TOKEN: ["api", "worker", "board"],
};

/** The provider's schedule, divided by `SPEED`. What a person has set wins. */
const FAST_SCHEDULE = {
  POLL_FIRST_MS: String(60_000 / SPEED),
  POLL_MIN_MS: String(5_000 / SPEED),
  POLL_MAX_MS: String(10_000 / SPEED),
  LATE_AFTER_MS: String(900_000 / SPEED),
  LATE_EVERY_MAX_MS: String(600_000 / SPEED),
  RETRY_MIN_MS: String(1_000 / SPEED),
  RETRY_MAX_MS: String(60_000 / SPEED),
  LEASE_MAX_MS: String(1_800_000 / SPEED),
  LIMIT_TIME_SCALE: String(1 / SPEED),
};

/** Whoever tries webhooks out listens on this machine. What a person has set wins. */
const PRIVATE_RECEIVERS = { ALLOW_PRIVATE_WEBHOOKS: "true" };

/**
 * The environment of one part: what the person has set, less the secrets of others, with the addresses of what is
 * embedded in place of whatever was set for it.
 */
export function partEnvironment(
  part: PartName,
  from: { outer: Environment; embedded: Embedded; addresses: Addresses; credentials: Credentials },
): Environment {
  const { outer, embedded, addresses, credentials } = from;
  const inherited = Object.fromEntries(
    Object.entries(outer).filter(([name, value]) => value !== "" && (SECRETS[name]?.includes(part) ?? true)),
  );
  const redis = { REDIS_URL: addresses.redisUrl };
  const drain = { DRAIN_MS: inherited["DRAIN_MS"] ?? String(DRAIN_MS) };
  const store = embedded.store ? embeddedStore(addresses) : {};
  const host = { HOST: inherited["HOST"] ?? "127.0.0.1" };
  switch (part) {
    case "sandbox":
      return { ...inherited, HOST: "127.0.0.1", ...sandboxSettings(inherited, addresses) };
    case "api":
      return {
        ...inherited,
        ...redis,
        ...drain,
        ...store,
        ...host,
        PORT: String(addresses.ports.api),
        API_KEYS: credentials.apiKeys,
      };
    case "worker":
      return {
        ...(embedded.sandbox ? FAST_SCHEDULE : {}),
        ...(embedded.sandbox ? PRIVATE_RECEIVERS : {}),
        WEBHOOK_SECRET: credentials.webhookSecret,
        ...inherited,
        ...redis,
        ...drain,
        ...store,
        ...host,
        ...(embedded.sandbox ? sandboxAsProvider(addresses) : {}),
        HEALTH_PORT: String(addresses.ports.health),
      };
    case "board":
      return {
        ...inherited,
        ...redis,
        ...drain,
        ...store,
        ...host,
        API_URL: inherited["API_URL"] ?? `http://127.0.0.1:${addresses.ports.api}`,
        BOARD_PORT: String(addresses.ports.board),
        BOARD_USERS: credentials.boardUsers,
      };
  }
}

function sandboxSettings(inherited: Environment, { ports, stateFile }: Addresses): Environment {
  return {
    PORT: String(ports.sandbox),
    SANDBOX_FILE_PORT: String(ports.file),
    SANDBOX_STATE_FILE: stateFile,
    SANDBOX_SPEED: inherited["SANDBOX_SPEED"] ?? String(SPEED),
  };
}

function sandboxAsProvider({ ports }: Addresses): Environment {
  return {
    APIXO_API_KEY: "sandbox",
    APIXO_BASE_URL: `http://127.0.0.1:${ports.sandbox}/api/v1`,
    // Its files lie on this machine, where downloads are refused otherwise.
    ALLOW_PRIVATE_DOWNLOADS: "true",
  };
}

/** Credentials of a real account have no business at the embedded store. */
function embeddedStore({ ports }: Addresses): Environment {
  return {
    ARCHIVE_BUCKET: EMBEDDED_BUCKET,
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${ports.store}`,
    S3_FORCE_PATH_STYLE: "true",
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "rushes",
    AWS_SECRET_ACCESS_KEY: "rushes",
    AWS_SESSION_TOKEN: undefined,
    AWS_PROFILE: undefined,
  };
}
