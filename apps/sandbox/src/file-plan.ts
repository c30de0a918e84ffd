/** How one download is going to be served. Faults change the honest plan; `result-host.ts` carries it out. */
export type FilePlan = {
  status: number;
  contentType: string;
  headers: Record<string, string>;
  body: Buffer;
  /** A strong validator of the body. */
  etag: string;
  /** Whether `Range` is honoured; else it is passed over and the whole body sent. */
  ranges: boolean;
  /** `announced`: Content-Length; `chunked`: chunks; `until-close`: ends when the connection does. */
  length: "announced" | "chunked" | "until-close";
  /** The share of the response's body after which the connection ends; 1 sends all. */
  sentShare: number;
  /** In the provider's time, so the speed factor multiplies it; null sends as fast as it goes. */
  bytesPerSecond: number | null;
  /** null sends the response; the others do that instead, `stall` in the middle of it. */
  instead: "reset" | "hang" | "stall" | null;
  /** How many redirects this request has behind it. */
  hop: number;
  /** Counts the requests for this task's files, from 1. */
  nth: number;
};
