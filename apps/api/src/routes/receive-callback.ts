import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { z } from "zod";
import { parseEnvelope } from "@rushes/apixo";
import type { AddRoute } from "../api-parts.ts";
import { HttpProblem } from "../http-problem.ts";

const MAX_CALLBACK_BYTES = 64 * 1024;

/** Results that mean a charge too many, or a provider that cannot be trusted. */
const ALERTS: ReadonlySet<string> = new Set(["extra", "stray", "task_elsewhere", "accepted_after_refusal"]);

/**
 * `POST /callbacks/apixo/{token}`: 200 once what it says is recorded, so that the provider need not deliver again; 503
 * while it cannot be. An unknown or wrong token is the address of nothing. Whatever the body says, it is a hint: the
 * token alone says whose task it is about, and `statusTask` alone how it ended.
 */
export const addReceiveCallback: AddRoute = (server, { callbacks, logger, metrics }) => {
  void server.register(async (plain) => {
    const scope = plain.withTypeProvider<ZodTypeProvider>();
    // The provider's content type is not documented, and a body that cannot be read must not cost the hint.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "*",
      { parseAs: "string", bodyLimit: MAX_CALLBACK_BYTES },
      async (_: unknown, body: unknown) => body,
    );
    scope.post(
      "/callbacks/apixo/:token",
      {
        schema: {
          summary: "Where the provider reports a task",
          hide: true,
          params: z.object({ token: z.string() }),
        },
      },
      async (request, reply) => {
        const attempt = callbacks?.tokens.read(request.params.token);
        if (!callbacks || !attempt) throw new HttpProblem("route_not_found");
        const taskId = typeof request.body === "string" ? parseEnvelope(request.body)?.taskId : undefined;
        const taken = await callbacks.taker.takeCallback(attempt, taskId ?? null);
        const { result, phase, recovered } = taken;
        request.videoId = attempt.videoId;
        request.videoTraceparent = taken.origin?.traceparent ?? null;
        const fields = { videoId: attempt.videoId, attempt: attempt.number, taskId, result, phase };
        logger[ALERTS.has(result) ? "error" : "info"](fields, "a callback was recorded");
        if (recovered) metrics.callbackRecovered.inc();
        return reply.code(200).send({ status: "recorded" });
      },
    );
  });
};
