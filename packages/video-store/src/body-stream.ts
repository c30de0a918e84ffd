import { Readable } from "node:stream";

/** Read ahead at most this much, so a copy in flight costs a few of these and not its file. */
const AHEAD_BYTES = 64 * 1024;

/**
 * A request body fed by `read`, for the S3 client. Its error listener is there from birth to death: the client
 * listens to the socket and not to the body, and an error nobody hears would end the process. The client also
 * leaves the request hanging when its body fails, so `onError` is where it has to be aborted.
 */
export function bodyStream(read: () => Promise<Buffer | null>, onError: () => void): Readable {
  const body = new Readable({
    highWaterMark: AHEAD_BYTES,
    read() {
      void feed();
    },
  });
  async function feed(): Promise<void> {
    try {
      const chunk = await read();
      if (!body.destroyed) body.push(chunk);
    } catch (error) {
      body.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }
  body.on("error", onError);
  return body;
}
