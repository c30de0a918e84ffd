import { createBullBoard } from "@bull-board/api";
import { FastifyAdapter } from "@bull-board/fastify";

/** Every route of the installed Bull Board that changes something, as `PUT submit/:jobId/retry`, whatever its pages offer. */
export function listChanges(): string[] {
  const found: string[] = [];
  class Listing extends FastifyAdapter {
    override setApiRoutes(routes: Parameters<FastifyAdapter["setApiRoutes"]>[0]): this {
      for (const { method, route } of routes) {
        const methods = [method].flat().map((one) => one.toUpperCase());
        const paths = [route].flat().map((path) => path.replace("/api/queues/", ""));
        found.push(...methods.flatMap((one) => paths.map((path) => `${one} ${path}`)));
      }
      return this;
    }
  }
  createBullBoard({ queues: [], serverAdapter: new Listing() });
  return found.filter((change) => !change.startsWith("GET "));
}

/** Whether a request goes to this route. */
export function goesTo(request: string, route: string): boolean {
  const pattern = route.replaceAll(/:\w+/g, "[^/]+");
  return new RegExp(`^${pattern}$`).test(request);
}
