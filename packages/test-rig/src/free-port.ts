import { once } from "node:events";
import { createServer } from "node:net";

/**
 * A loopback port that was free a moment ago, for servers that cannot choose one themselves. Somebody may take it in
 * between, so whoever uses it must be ready to ask again.
 */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (typeof address !== "object" || address === null) throw new Error("the system gave no port");
  return address.port;
}
