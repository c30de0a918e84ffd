/**
 * A program for stray-errors.test.ts: many copies that fail in every way at once, then a clean end. It prints how
 * they ended. An error that nobody listens to ends it early with a trace and a code other than 0; called with
 * `control` it makes one, to show that this would be seen.
 */
import { Readable } from "node:stream";
import { Failure } from "@rushes/pipeline";
import { startBucketStub, type Fault } from "./bucket-stub.ts";
import { cutAfter, startFileHost } from "./file-host.ts";
import { mp4File } from "./mp4-file.ts";
import { openTestStore, resultFile } from "./test-store.ts";

const ROUNDS = 2;
const whole = mp4File(2_000_000);
const cuts = [0, 1, 1000, 1_000_000, whole.length - 1, whole.length];
const faults: (Fault | null)[] = [
  null,
  { reset: 0 },
  { reset: 1 },
  { reset: 500_000 },
  { reset: whole.length },
  { status: 412, code: "PreconditionFailed", when: "before" },
  { status: 403, code: "AccessDenied", when: "before" },
  { status: 503, code: "SlowDown", when: "after" },
  { silent: true },
];

const bucket = await startBucketStub();
const host = await startFileHost((request, response) => {
  const sentBytes = Number(request.url?.slice(1));
  if (sentBytes === whole.length) response.writeHead(200, { "content-length": whole.length }).end(whole);
  else cutAfter(response, whole, sentBytes);
});
bucket.fault = ({ method, key }) => {
  const fault = faults[Number(/vid_\d+_(\d+)/.exec(key)?.[1])];
  return method === "PUT" ? (fault ?? null) : null;
};
const store = openTestStore(bucket.endpoint);

const ends = new Map<string, number>();
/** Copies to a bucket that never answers, which only closing the store ends. */
const waiting: Promise<void>[] = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const copies: Promise<void>[] = [];
  for (const sentBytes of cuts) {
    for (const number of faults.keys()) {
      const stop = new AbortController();
      const file = resultFile(`${host.url}/${sentBytes}`, { videoId: `vid_${round}${sentBytes}_${number}` });
      // One round is called off from our side as soon as its first bytes are here.
      const copy = store.archive(file, {
        signal: stop.signal,
        onProgress: () => round === 0 && stop.abort(),
      });
      const ended = copy.then(
        () => count("stored"),
        (error: unknown) => count(error instanceof Failure ? error.code : String(error)),
      );
      const fault = faults[number];
      if (fault && "silent" in fault) waiting.push(ended);
      else copies.push(ended);
    }
  }
  await Promise.all(copies);
}
await store.close();
await Promise.all(waiting);
await host.close();
await bucket.close();
if (process.argv[2] === "control") new Readable({ read() {} }).destroy(new Error("nobody listens"));
await new Promise((resolve) => setImmediate(resolve));
process.stdout.write(`${JSON.stringify(Object.fromEntries(ends))}\n`);

function count(end: string): void {
  ends.set(end, (ends.get(end) ?? 0) + 1);
}
