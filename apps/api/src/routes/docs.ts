import { createHash } from "node:crypto";
import type { AddRoute } from "../api-parts.ts";
import { renderDocs, STYLE, type ApiDocument } from "../docs-page.ts";

const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");
const POLICY = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'`;

/** `GET /docs`: the same for people, in one page without scripts. */
export const addDocs: AddRoute = (server) => {
  let page: string | undefined;
  server.get("/docs", { schema: { hide: true } }, async (_, reply) => {
    page ??= renderDocs(server.swagger() as unknown as ApiDocument);
    return reply.type("text/html").header("content-security-policy", POLICY).send(page);
  });
};
