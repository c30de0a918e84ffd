import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

export type Answer = { status: number; body?: object };

/**
 * An app for tests of `up`: answers HTTP until SIGTERM. Writes its process id when it starts and the time when it ends
 * to its log, where the tests look for both.
 */
export function runStandIn(
  name: string,
  port: string | undefined,
  answer: (request: IncomingMessage) => Promise<Answer> = async () => ({ status: 200 }),
): void {
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    const { status, body = {} } = request.url === "/readyz" ? { status: 200 } : await answer(request);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  };
  const server = createServer((request, response) => void respond(request, response));
  server.listen(Number(port), "127.0.0.1");
  process.stdout.write(`pid=${process.pid}\n`);
  process.on("SIGTERM", () => {
    if (process.env["STAND_IN_STUBBORN"] === name) return;
    process.stdout.write(`ended=${Date.now()}\n`);
    server.close();
    server.closeAllConnections();
    process.exit(0);
  });
}
