import { z } from "zod";
import type { Ledger } from "@rushes/ledger";
import type { Standing } from "@rushes/pipeline";
import type { ApiServer } from "./api-parts.ts";
import { callerOf } from "./identify-caller.ts";
import { refuseFields } from "./json-body.ts";
import { operateVideo, VERB_PROBLEMS } from "./operate-video.ts";
import { problemAnswers } from "./problem-schema.ts";
import { requireAdmin } from "./require-admin.ts";
import type { verbRefusal } from "./verb-refusal.ts";
import { videoIdSchema } from "./video-id.ts";
import { videoSchema } from "./video-schema.ts";

export type BodilessVerb = {
  /** The last part of the path. */
  path: string;
  operationId: string;
  summary: string;
  verb: Parameters<typeof verbRefusal>[0];
  /** The script's word for having done it. */
  done: string;
  /** @param by the name of the caller's key, for the audit log */
  act: (videoId: string, by: string) => Promise<Standing | null>;
};

/** An operator verb that needs no word more than the video's id: `POST /v1/videos/{id}/<path>`. */
export function addBodilessVerb(
  server: ApiServer,
  ledger: Pick<Ledger, "read">,
  { path, operationId, summary, verb, done, act }: BodilessVerb,
): void {
  server.post(
    `/videos/:id/${path}`,
    {
      schema: {
        operationId,
        summary,
        tags: ["operation"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({}),
        response: { 202: videoSchema, ...problemAnswers(...VERB_PROBLEMS) },
      },
      onRequest: requireAdmin,
      preValidation: async (request) => refuseFields(request),
    },
    async (request, reply) => {
      const { name } = callerOf(request);
      const video = await operateVideo(request, ledger, verb, done, (id) => act(id, name));
      return reply.code(202).send(video);
    },
  );
}
