import process, { argv, cpuUsage, memoryUsage } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientOrder, Contender, ContenderName, CopyOrder, FromClient } from "./client-messages.ts";

/** Often enough to see the peak of a copy, seldom enough to cost nothing. */
const LOOK_EVERY_MS = 20;
/** Before the first copy, so that what starting left behind is gone from the clock and from memory. */
const SETTLE_MS = 500;

/** One contender in a process of its own, so that `cpuUsage` and the resident memory are the client's and nobody else's. */
const { contender, bucketUrl } = JSON.parse(String(argv[2])) as ClientOrder;
// Each loads its own file only: the SDK's modules are no part of the bare pipe's memory.
const OPEN: Record<ContenderName, () => Promise<Contender>> = {
  bare: async () => (await import("./contenders/bare-pipe.ts")).openBarePipe(bucketUrl),
  rushes: async () => (await import("./contenders/rushes.ts")).openRushes(bucketUrl),
  "lib-storage": async () => (await import("./contenders/lib-storage.ts")).openLibStorage(bucketUrl),
};
const client = await OPEN[contender]();
let copied = 0;

const tell = (message: FromClient): void => {
  process.send?.(message);
};
process.on("message", (order: CopyOrder) => void copyAll(order));
process.on("disconnect", () => process.exit());
tell({ say: "ready" });

async function copyAll({ urls, parallel, forMs }: CopyOrder): Promise<void> {
  await sleep(SETTLE_MS);
  const idleBytes = memoryUsage.rss();
  let peakBytes = idleBytes;
  const look = (): void => {
    peakBytes = Math.max(peakBytes, memoryUsage.rss());
  };
  // A look costs processor time, so there is none while that is measured.
  const looking = forMs === null ? undefined : setInterval(look, LOOK_EVERY_MS);
  const stop = new AbortController();
  const timer = forMs === null ? undefined : setTimeout(() => stop.abort(), forMs);
  const before = { cpu: cpuUsage(), atMs: performance.now(), copied };
  const most = forMs === null ? urls.length : Infinity;
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (!stop.signal.aborted && begun < most) {
      const url = urls[begun % urls.length] ?? "";
      begun += 1;
      try {
        // Every copy under a key of its own: a key that is taken would be read and compared instead.
        await client.copy(url, `copy-${process.pid}-${before.copied}-${begun}`, stop.signal);
        copied += 1;
      } catch (error) {
        if (!stop.signal.aborted) throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, lane));
  const { user, system } = cpuUsage(before.cpu);
  clearInterval(looking);
  clearTimeout(timer);
  const wallMs = performance.now() - before.atMs;
  tell({
    say: "copied",
    copies: copied - before.copied,
    wallMs,
    cpuMs: (user + system) / 1000,
    idleBytes,
    peakBytes,
  });
}
