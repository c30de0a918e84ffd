import { once } from "node:events";
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { selfSigned } from "@rushes/test-rig";
import { createResultOrigin } from "./result-origin.ts";
import { serveSilentBucket } from "./silent-bucket.ts";
import type { StandInsReady } from "./stand-ins.ts";

/** Result host and bucket, in clear and under TLS, in a process of their own: what they cost is nobody's figure. */
const identity = selfSigned("localhost");
/** No connection that a contender keeps is closed between two rounds; a stale one is not what is measured. */
const KEEP_ALIVE_MS = 600_000;
const origin = createResultOrigin();

function serve(request: IncomingMessage, response: ServerResponse): void {
  response.on("error", () => {});
  const path = request.url ?? "";
  if (path.startsWith("/served/")) {
    response.end(JSON.stringify(origin.served(path.replace("/served/", ""))));
    return;
  }
  const served = path.startsWith("/results/")
    ? origin.serve(request, response)
    : serveSilentBucket(request, response);
  void served.catch(() => response.destroy());
}

async function listen(server: ReturnType<typeof createPlainServer>): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

const plainPort = await listen(createPlainServer({ keepAliveTimeout: KEEP_ALIVE_MS }, serve));
const tlsPort = await listen(createTlsServer({ ...identity, keepAliveTimeout: KEEP_ALIVE_MS }, serve));
process.on("disconnect", () => process.exit());
const ready: StandInsReady = {
  plainUrl: `http://127.0.0.1:${plainPort}`,
  tlsUrl: `https://localhost:${tlsPort}`,
  certificate: identity.cert,
};
process.send?.(ready);
