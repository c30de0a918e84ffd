import { mkdirSync } from "node:fs";
import { Server } from "node:net";
import { join } from "node:path";
import { startFauxqs } from "fauxqs";
import type { Part } from "@rushes/lifecycle";

export type FileStore = Part & { url: string };

/**
 * Starts an S3-compatible store that keeps every object as a plain file, on loopback only.
 *
 * @param port 0 takes a free one
 */
export async function startFileStore(options: {
  port: number;
  folder: string;
  bucket: string;
}): Promise<FileStore> {
  const { port, folder, bucket } = options;
  mkdirSync(folder, { recursive: true });
  const server = await onLoopback(() => startFauxqs({ port, logger: false, s3StorageDir: folder }));
  server.createBucket(bucket);
  return { name: "store", url: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
}

/** Where the store keeps an object, absolute. Keys made of safe characters only, as ours are. */
export function objectPath(folder: string, bucket: string, key: string): string {
  return join(folder, "buckets", bucket, "objects", `${key}.data`);
}

/**
 * fauxqs listens on every interface and cannot be told otherwise. It lets anybody read and write, so while it starts,
 * servers of this process listen on loopback whatever they ask for.
 */
async function onLoopback<Started>(start: () => Promise<Started>): Promise<Started> {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with `this` below
  const { listen } = Server.prototype;
  Server.prototype.listen = function listenOnLoopback(this: Server, ...args: unknown[]): Server {
    const [options, ...rest] = args;
    const isObject = typeof options === "object" && options !== null;
    const changed = isObject ? { ...options, host: "127.0.0.1" } : options;
    return Reflect.apply(listen, this, [changed, ...rest]) as Server;
  } as typeof listen;
  try {
    return await start();
  } finally {
    Server.prototype.listen = listen;
  }
}
