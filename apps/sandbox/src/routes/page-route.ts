import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

/** The page for people, at `/`. It needs nothing but the endpoints under `/sandbox`. */
export function registerPageRoute(app: FastifyInstance): void {
  const page = readFileSync(new URL("../../assets/page.html", import.meta.url));
  app.get("/", (_request, reply) => reply.type("text/html; charset=utf-8").send(page));
}
