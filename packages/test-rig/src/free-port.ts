import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A loopback port that was free a moment ago, for servers that cannot choose one themselves. Somebody may take it in
 * between, so whoever uses it must be ready to ask again.
 */
export async function findFreePort(port = 0): Promise<number> {
  const server = createServer().listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("the system gave no port");
  return address.port;
}

/** Below the ports that Linux gives to outgoing connections and to servers that ask for any (32768 to 60999). */
const QUIET = { from: 20_000, to: 32_000 };

/** A free port that stays free for long: for a server that is started again and again at the same address. */
export async function findLastingPort(): Promise<number> {
  for (;;) {
    const port = QUIET.from + Math.floor(Math.random() * (QUIET.to - QUIET.from));
    const found = await findFreePort(port).catch(() => null);
    if (found !== null) return found;
  }
}
