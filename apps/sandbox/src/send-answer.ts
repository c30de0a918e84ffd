import type { FastifyReply } from "fastify";
import type { Answer } from "./answer.ts";

/** Writes an answer, or does what its kind does instead of answering. */
export function sendAnswer(reply: FastifyReply, answer: Answer): void {
  switch (answer.kind) {
    case "envelope": {
      const { status, code, message, data, headers = {} } = answer;
      void reply
        .code(status)
        .headers(headers)
        .send(data === undefined ? { code, message } : { code, message, data });
      return;
    }
    case "body":
      void reply
        .code(answer.status)
        .headers(answer.headers ?? {})
        .type(answer.contentType)
        .send(answer.body);
      return;
    case "cut": {
      const body = Buffer.from(answer.body);
      reply.hijack();
      reply.raw.writeHead(answer.status, {
        "content-type": answer.contentType,
        "content-length": body.length,
      });
      // The half is flushed before the connection goes, else the client sees no answer at all.
      reply.raw.write(body.subarray(0, Math.floor(body.length / 2)), () => reply.raw.destroy());
      return;
    }
    case "reset":
      reply.hijack();
      reply.raw.socket?.resetAndDestroy();
      return;
    case "hang":
      reply.hijack();
  }
}
