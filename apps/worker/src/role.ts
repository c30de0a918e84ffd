import type { Redis } from "ioredis";
import type { Origin, Provider } from "@rushes/pipeline";
import type { Ledger } from "@rushes/ledger";
import type { WakeQueues } from "@rushes/queue";
import type { Logger, Metrics } from "@rushes/telemetry";
import type { Account } from "./accounts.ts";
import type { LimitsWatch } from "./limits-watch.ts";
import type { ObservedRecords } from "./observed-records.ts";
import type { TracedPorts } from "./traced-ports.ts";
import type { ArchiveSettings, CommonSettings, NotifySettings, ProviderSettings } from "./settings.ts";

/** What the roles that talk to the provider are built from. */
export type ProviderParts = {
  settings: ProviderSettings;
  accounts: readonly Account[];
  /** The client of an account's key. Throws a `Failure` for an account that is not configured here. */
  provider: (account: string) => Provider;
  limits: LimitsWatch;
};

/** What a role is built from. Roles only wire: what a stage decides is in `pipeline`. */
export type RoleParts = {
  common: CommonSettings;
  prefix: string;
  ledger: Ledger;
  /** The ledger as the stages see it, with every fact counted, logged and traced. */
  records: ObservedRecords;
  queues: WakeQueues;
  logger: Logger;
  metrics: Metrics;
  traced: TracedPorts;
  /** A further worker connection, closed with the process. */
  openConnection: () => Redis;
  /** Whether anything new may be paid for. What is paid already is always finished. */
  mayBegin: () => boolean;
  forProvider: () => ProviderParts;
  forArchive: () => ArchiveSettings;
  forNotify: () => NotifySettings;
  onProblem: (error: Error, videoId?: string, origin?: Origin) => void;
};

export type RunningRole = {
  name: string;
  isAlive: () => boolean;
  /** Takes nothing new and resolves when what runs has ended, at the latest when the signal is aborted. */
  stop: (signal?: AbortSignal) => Promise<void>;
};

export type Role = (parts: RoleParts) => Promise<RunningRole>;
