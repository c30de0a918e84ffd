import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createRandom, MP4_FRAME_BYTES, mp4Frame } from "@rushes/test-rig";

/**
 * How the host ends a body before its time. `close`: what was sent still arrives. `reset`: it had arrived, and then the
 * connection is reset. `reset-at-once`: the host's own kernel throws away what it had not yet brought over, which on
 * loopback can be megabytes.
 */
export const CUTS_BY = ["close", "reset", "reset-at-once"] as const;
export type CutBy = (typeof CUTS_BY)[number];

/** A file of `bytes`, cut `cuts` times at places that follow from the seed. */
export type OriginFile = { name: string; bytes: number; cuts?: number; cutBy?: CutBy; seed?: number };

/** Long enough for a client that reads to have taken what was sent. */
const ARRIVED_MS = 300;

/** What follows the frame of every file, over and over; made once, so that sending costs next to nothing. */
const PICTURES = Buffer.alloc(256 * 1024, "no two of these pictures are worth a thousand words ");

export function originUrl(
  base: string,
  { name, bytes, cuts = 0, cutBy = "close", seed = 0 }: OriginFile,
): string {
  return `${base}/results/${name}?bytes=${bytes}&cuts=${cuts}&by=${cutBy}&seed=${seed}`;
}

export type Served = { requests: number; sentBytes: number };

export type ResultOrigin = {
  serve(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Requests for this file so far, and body bytes sent to all of them. */
  served(name: string): Served;
};

/** A result host that makes files of any length up while it sends them, and takes a `Range` under `If-Range`. */
export function createResultOrigin(): ResultOrigin {
  const servedByName = new Map<string, Served>();
  const cutsLeft = new Map<string, number[]>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://origin");
    const name = url.pathname.replace("/results/", "");
    const bytes = Number(url.searchParams.get("bytes"));
    const served = servedByName.get(name) ?? { requests: 0, sentBytes: 0 };
    servedByName.set(name, served);
    served.requests += 1;
    const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? "")?.[1] ?? 0);
    const cuts = cutsLeft.get(name) ?? planCuts(url.searchParams, bytes);
    cutsLeft.set(name, cuts);
    const cutAt = cuts.find((at) => at > from) ?? bytes;

    const isRest = from > 0 && request.headers["if-range"] === `"${name}"`;
    const begin = isRest ? from : 0;
    response.writeHead(isRest ? 206 : 200, {
      "content-type": "video/mp4",
      "content-length": bytes - begin,
      "accept-ranges": "bytes",
      etag: `"${name}"`,
      ...(isRest ? { "content-range": `bytes ${begin}-${bytes - 1}/${bytes}` } : {}),
    });
    const frame = mp4Frame(bytes);
    for (let at = begin; at < cutAt;) {
      const chunk = chunkAt(frame, at, cutAt - at);
      at += chunk.length;
      served.sentBytes += chunk.length;
      if (!(await write(response, chunk))) return;
    }
    if (cutAt === bytes) {
      response.end();
      return;
    }
    cuts.splice(cuts.indexOf(cutAt), 1);
    const cutBy = url.searchParams.get("by") as CutBy;
    if (cutBy === "reset") await sleep(ARRIVED_MS);
    if (cutBy === "close") response.destroy();
    else response.socket?.resetAndDestroy();
  }

  return { serve, served: (name) => servedByName.get(name) ?? { requests: 0, sentBytes: 0 } };
}

function planCuts(query: URLSearchParams, bytes: number): number[] {
  const random = createRandom(Number(query.get("seed")));
  return Array.from(
    { length: Number(query.get("cuts")) },
    () => 1 + Math.floor(random() * (bytes - 1)),
  ).toSorted((a, b) => a - b);
}

function chunkAt(frame: Buffer, at: number, mostBytes: number): Buffer {
  if (at < MP4_FRAME_BYTES) return frame.subarray(at, at + mostBytes);
  const phase = (at - MP4_FRAME_BYTES) % PICTURES.length;
  return PICTURES.subarray(phase, phase + mostBytes);
}

/** Resolves when the bytes have left this process; false when nobody is there any more. */
async function write(response: ServerResponse, chunk: Buffer): Promise<boolean> {
  if (response.destroyed) return false;
  return await new Promise((resolve) => {
    const onClose = (): void => resolve(false);
    response.once("close", onClose);
    response.write(chunk, (error) => {
      response.off("close", onClose);
      resolve(!error);
    });
  });
}
