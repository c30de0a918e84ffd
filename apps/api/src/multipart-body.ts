import type { FastifyInstance, FastifyRequest } from "fastify";
import { HttpProblem } from "./http-problem.ts";

/** `input_reference[image_url]`, as clients write a field of an object. */
const INNER = /^(?<outer>\w+)\[(?<inner>\w+)\]$/;

/**
 * Routes that are added to this server also take forms (`multipart/form-data`), as an object of texts. A file among them
 * stays one, for whoever checks the object to refuse.
 */
export function acceptForms(server: FastifyInstance): void {
  server.addContentTypeParser(
    "multipart/form-data",
    { parseAs: "buffer" },
    async (request: FastifyRequest, bytes: unknown) => {
      const form = await parseForm(bytes as Buffer<ArrayBuffer>, request.headers["content-type"] ?? "");
      const body: Record<string, unknown> = Object.create(null);
      for (const [name, value] of form) {
        const { outer = name, inner } = INNER.exec(name)?.groups ?? {};
        if (inner === undefined) put(body, name, value);
        else put((body[outer] ??= Object.create(null)) as Record<string, unknown>, inner, value);
      }
      return { ...body };
    },
  );
}

async function parseForm(bytes: Buffer<ArrayBuffer>, contentType: string): Promise<FormData> {
  try {
    // The parser of Node's own fetch.
    return await new Response(bytes, { headers: { "content-type": contentType } }).formData();
  } catch {
    throw new HttpProblem("malformed_request", {
      detail: "The body is not the form that its Content-Type announces.",
    });
  }
}

function put(object: unknown, name: string, value: unknown): void {
  if (typeof object !== "object" || object === null || Object.hasOwn(object, name)) {
    throw new HttpProblem("malformed_request", { detail: "The form has a field twice." });
  }
  (object as Record<string, unknown>)[name] = value;
}
