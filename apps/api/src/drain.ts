import type { ApiServer } from "./api-parts.ts";

/**
 * Between two looks whether everything in hand is answered. The first look also comes this late, so that what had
 * reached this machine when the drain began is read, and then is in hand.
 */
const LOOK_EVERY_MS = 100;

export type Drain = {
  /** From the moment `end` was called. */
  hasBegun(): boolean;
  /** Takes no new connection, answers what is in hand, and closes every connection; at once when the signal fires. */
  end(signal: AbortSignal): Promise<void>;
};

/**
 * Prepares a server, before it listens, for a good end. Closing alone would wait for connections on which nobody asks
 * anything: those that are kept alive after their last answer, and those that were opened in advance and never used,
 * which Node takes for busy.
 */
export function prepareDrain(server: ApiServer): Drain {
  let begun = false;
  let inHand = 0;

  server.addHook("onRequest", async (_, reply) => {
    inHand += 1;
    reply.raw.once("close", () => {
      inHand -= 1;
    });
  });
  server.addHook("onSend", async (_, reply) => {
    // Says it to the client, who would otherwise send its next request into a closing connection.
    if (begun) reply.header("connection", "close");
  });

  return {
    hasBegun: () => begun,
    async end(signal) {
      begun = true;
      const cut = (): void => server.server.closeAllConnections();
      const look = setInterval(() => {
        if (inHand === 0) cut();
      }, LOOK_EVERY_MS);
      signal.addEventListener("abort", cut, { once: true });
      if (signal.aborted) cut();
      await server.close();
      clearInterval(look);
      signal.removeEventListener("abort", cut);
    },
  };
}
