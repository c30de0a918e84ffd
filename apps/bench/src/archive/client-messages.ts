export const CONTENDERS = ["bare", "rushes", "lib-storage"] as const;
export type ContenderName = (typeof CONTENDERS)[number];

/** What a client process is told when it is started. */
export type ClientOrder = {
  contender: ContenderName;
  /** Where the bucket is; no slash at the end. */
  bucketUrl: string;
};

/** From the benchmark to a client process: copies these, so many at a time. */
export type CopyOrder = {
  urls: string[];
  parallel: number;
  /** Goes round the list until this long has passed, and then gives up what is under way; null = each URL once. */
  forMs: number | null;
};

/** From a client process to the benchmark. */
export type FromClient =
  | { say: "ready" }
  | {
      say: "copied";
      copies: number;
      wallMs: number;
      /** User and system time of this process alone. */
      cpuMs: number;
      /** Resident bytes before the first copy, and the most since. */
      idleBytes: number;
      peakBytes: number;
    };

/** One way to bring a file from a URL into the bucket. */
export type Contender = {
  copy(url: string, name: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};
