import { createHash } from "node:crypto";
import type { Readable } from "node:stream";
import { Agent, request } from "undici";
import type { Contender } from "../client-messages.ts";

/**
 * The least that can be done: undici's GET piped into undici's PUT, with the same SHA-256 in between. Nothing is checked,
 * nothing is held back, and a file that is cut is stored as far as it came wherever the length allows it.
 */
export function openBarePipe(bucketUrl: string): Contender {
  const dispatcher = new Agent({ allowH2: false });
  return {
    async copy(url, name, signal) {
      const { body, headers } = await request(url, { dispatcher, signal });
      const hash = createHash("sha256");
      async function* hashed(): AsyncGenerator<Buffer> {
        for await (const chunk of body) {
          hash.update(chunk as Buffer);
          yield chunk as Buffer;
        }
      }
      const answer = await request(`${bucketUrl}/films/${name}`, {
        dispatcher,
        signal,
        method: "PUT",
        headers: { "content-length": String(headers["content-length"]), "content-type": "video/mp4" },
        // undici takes what can be iterated as it is; its types do not say so, and a stream around it would only cost.
        body: hashed() as unknown as Readable,
      });
      await answer.body.dump();
      hash.digest("hex");
      if (answer.statusCode !== 200) throw new Error(`the bucket answered ${answer.statusCode}`);
    },
    close: () => dispatcher.destroy(),
  };
}
