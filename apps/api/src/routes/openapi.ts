import type { AddRoute } from "../api-parts.ts";

/** `GET /openapi.json`: the document, made once from the routes as they are. */
export const addOpenapi: AddRoute = (server) => {
  let text: string | undefined;
  server.get("/openapi.json", { schema: { hide: true } }, async (_, reply) => {
    text ??= JSON.stringify(server.swagger());
    return reply.type("application/json").send(text);
  });
};
