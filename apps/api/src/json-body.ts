import type { FastifyRequest } from "fastify";
import type { ApiServer } from "./api-parts.ts";
import { fieldName } from "./field-errors.ts";
import { HttpProblem } from "./http-problem.ts";

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

/**
 * Bodies are JSON in UTF-8 and nothing else. Stricter than fastify's own parser in what would change an order
 * silently: bytes that are not UTF-8 are refused instead of replaced, another charset or an encoding is not taken for
 * what it is not. As there, `__proto__` and `constructor.prototype` are refused.
 */
export function acceptJsonBodies(server: ApiServer): void {
  const parse = server.getDefaultJsonParser("error", "error");
  const decoder = new TextDecoder("utf-8", { fatal: true });

  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, bytes, done) => {
    if (!isPlainUtf8(request)) return done(new HttpProblem("unsupported_media_type"));
    // Routes that need a body say so; a client that only always sends the header is not wrong.
    if (bytes.length === 0) return done(null, undefined);
    try {
      return parse(request, decoder.decode(bytes as Buffer), done);
    } catch {
      return done(new HttpProblem("malformed_json"));
    }
  });
}

function isPlainUtf8({ headers }: FastifyRequest): boolean {
  const encoding = headers["content-encoding"];
  if (encoding !== undefined && encoding.toLowerCase() !== "identity") return false;
  const charset = CHARSET.exec(headers["content-type"] ?? "")?.[1];
  return charset === undefined || charset.toLowerCase() === "utf-8";
}

/** @throws HttpProblem for a request to GET or HEAD that brings a body, which nobody would read. */
export function refuseUnreadBody({ method, headers }: FastifyRequest): void {
  if (method !== "GET" && method !== "HEAD") return;
  const length = headers["content-length"];
  if (headers["transfer-encoding"] === undefined && (length === undefined || length === "0")) return;
  throw new HttpProblem("malformed_request", { detail: `A ${method} request must not have a body.` });
}

/** @throws HttpProblem for a body other than `{}` where a route takes no fields. */
export function refuseFields({ body }: FastifyRequest): void {
  if (body === undefined) return;
  const isObject = typeof body === "object" && body !== null && !Array.isArray(body);
  if (!isObject) {
    throw new HttpProblem("invalid_body", {
      errors: [{ field: "body", message: "there must be no body, or an empty object" }],
    });
  }
  const fields = Object.keys(body);
  if (fields.length === 0) return;
  throw new HttpProblem("invalid_body", {
    errors: fields.map((field) => ({ field: fieldName([field]), message: "unknown field" })),
  });
}
