import { Pool } from "undici";

export type Load = {
  /** Requests answered per second. */
  perSecond: number;
  /** Of each request, milliseconds. */
  latenciesMs: number[];
};

/** Sends so many requests over so many connections, each with the next one as soon as the last is answered. */
export async function runLoad(
  url: string,
  path: string,
  { connections, requests }: { connections: number; requests: number },
  bodyOf: (index: number) => string,
): Promise<Load> {
  const pool = new Pool(url, { connections, pipelining: 1 });
  const latenciesMs: number[] = [];
  let next = 0;

  async function sendNext(): Promise<void> {
    while (next < requests) {
      const index = next;
      next += 1;
      const startedMs = performance.now();
      const { statusCode, body } = await pool.request({
        path,
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": crypto.randomUUID() },
        body: bodyOf(index),
      });
      const text = await body.text();
      latenciesMs.push(performance.now() - startedMs);
      if (statusCode !== 202) throw new Error(`answered ${statusCode}: ${text.slice(0, 300)}`);
    }
  }

  const startedMs = performance.now();
  await Promise.all(Array.from({ length: connections }, sendNext));
  const seconds = (performance.now() - startedMs) / 1000;
  await pool.close();
  return { perSecond: requests / seconds, latenciesMs };
}
