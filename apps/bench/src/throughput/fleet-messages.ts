/** What a worker process is told when it is started; everything it needs, for only main.ts reads an environment. */
export type FleetOrder = {
  side: "raw" | "rushes";
  redisUrl: string;
  /** Jobs at a time per stage and process. */
  concurrency: number;
  /** Raw: on the connections of packages/queue, which gather writes, instead of plain ones as BullMQ's manual has them. */
  gathersWrites: boolean;
  /** Tasks in flight allowed at the stand-in for the provider's account. */
  placesMost: number;
};

/** From the benchmark to a worker process. */
export type ToWorker = { say: "start" } | { say: "stop" };

/** From a worker process to the benchmark. Moments are milliseconds since 1970 with fractions. */
export type FromWorker =
  | { say: "ready" }
  | { say: "progress"; completed: number; submitted: number; atMs: number }
  | { say: "stopped"; cpuMs: number; commandsSent: number; peakMemoryMb: number };

/** One side's stages inside a worker process. */
export type RunningSide = {
  /** Counted since the start: orders that went through the first stage, and through all. */
  counts(): { submitted: number; completed: number };
  stop(): Promise<void>;
};
