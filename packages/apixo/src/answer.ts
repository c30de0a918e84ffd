/** One whole HTTP answer as it came: the status, the two headers this client reads, and the body as text. */
export type Answer = {
  status: number;
  body: string;
  retryAfter?: string;
  /** The answer's own `Date` header, so that a `Retry-After` date can be read without trusting either clock. */
  date?: string;
};

/**
 * The most that is read of an answer. The provider's answers are below 2 kB; a page of one MiB is somebody
 * else's.
 */
export const MAX_ANSWER_BYTES = 1024 * 1024;

export function isSuccessStatus(status: number): boolean {
  return status >= 200 && status < 300;
}

type HeaderValue = string | string[] | undefined;

export function answerOf(
  status: number,
  headers: Readonly<Record<string, HeaderValue>>,
  chunks: readonly Uint8Array[],
): Answer {
  const retryAfter = firstOf(headers["retry-after"]);
  const date = firstOf(headers["date"]);
  return {
    status,
    body: Buffer.concat(chunks).toString("utf8"),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(date === undefined ? {} : { date }),
  };
}

function firstOf(value: HeaderValue): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
