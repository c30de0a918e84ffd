/**
 * A read that many may ask for and that is done seldom: what it gave is kept for a while, and those who come meanwhile
 * share it. One that failed is not kept.
 *
 * @param keepMs how long a value is kept
 * @param now milliseconds; any clock that only goes forward
 */
export function keepRead<Value>(
  read: () => Promise<Value>,
  keepMs: (value: Value) => number,
  now: () => number,
): () => Promise<Value> {
  let kept: { value: Promise<Value>; untilMs: number } | null = null;

  async function refresh(): Promise<Value> {
    const own = { value: read(), untilMs: Number.POSITIVE_INFINITY };
    kept = own;
    try {
      const value = await own.value;
      own.untilMs = now() + keepMs(value);
      return value;
    } catch (error) {
      if (kept === own) kept = null;
      throw error;
    }
  }

  return async () => (kept && kept.untilMs > now() ? await kept.value : await refresh());
}
