/**
 * What the witnesses write down, one JSON object a line. Each file has one author who knows nothing of the others: the
 * caller, the sandbox, the S3 server, whoever strikes the faults, the watched processes, and at the end the records.
 * All times are Unix milliseconds of one machine's clock.
 */

/** How the run was made; the one file that is no list. */
export type RunFacts = {
  name: string;
  seed: number;
  /** `off`: the provider is only polled. `on`: it calls back, and drops this share of its callbacks. */
  callbacks: "off" | "on";
  callbackDropShare: number;
  budgetUsd: number | null;
  /** Whether the system under test keeps attempts and books; the plain control does not. */
  keepsBooks: boolean;
  /** Whether it stores files. */
  keepsFiles: boolean;
  startedAt: number;
  /** When the faults were over. */
  calmAt: number;
  /** When nothing was left to do; null: that never came. */
  drainedAt: number | null;
};

/** The caller's own notebook: `orders.ndjson`. */
export type OrderLine =
  | { at: number; event: "sent"; key: string; prompt: string; maxCharges: number }
  | { at: number; event: "acknowledged"; key: string; videoId: string }
  /** Over budget: the caller gives this order up. */
  | { at: number; event: "refused"; key: string; status: number };

/** From the sandbox, `bill.ndjson`. */
export type ChargeLine = {
  taskId: string;
  priceUsd: number;
  prompt: string;
  time: number;
  callbackUrl: string | null;
  refundedTime: number | null;
  submitFault: string | null;
};

/** From the sandbox, `tasks.ndjson`. */
export type TaskLine = {
  taskId: string;
  state: "pending" | "processing" | "success" | "failed";
  prompt: string;
  createTime: number;
  completeTime: number | null;
  /** Of the file as the file host honestly serves it. */
  sha256: string | null;
};

/** From the S3 server, `objects.ndjson`. */
export type ObjectLine = { key: string; bytes: number; sha256: string };

/** `faults.ndjson`: what was done to whom. */
export type FaultLine = { at: number; kind: string; target: string; lastsMs?: number; note?: string };

/** `steps.ndjson`: what the processes did, told from inside, written before the next thing happens. */
export type StepLine = {
  at: number;
  /** The process, by the name it was started under; a new start has a new name. */
  by: string;
  part: string;
  call: string;
  moment: "begins" | "ended" | "failed" | "point";
  videos?: readonly string[];
  task?: string;
  prompt?: string;
  result?: string;
};

export type AttemptLine = {
  number: number;
  secret: string;
  state: string;
  taskId: string | null;
  intentMs: number;
};

/** `records.ndjson`: every record as Redis held it at the end, and the events of its life. */
export type RecordLine = {
  videoId: string;
  prompt: string;
  phase: string;
  createdMs: number;
  reservedMicros: number;
  billedMicros: number;
  /** The task of the attempt that it follows. */
  taskId: string | null;
  attempts: readonly AttemptLine[];
  output: readonly { key: string; bytes: number; sha256: string }[];
  events: readonly { at: number; phase: string; what: string }[];
};
