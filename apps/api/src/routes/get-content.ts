import { z } from "zod";
import { Failure, isFinal, type Reading, type StoredFile } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { HttpProblem } from "../http-problem.ts";
import { readOwnedVideo } from "../owned-video.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoIdSchema } from "../video-id.ts";

const NUMBER_RULE = { error: "n must be the number of a file, from 1" };

const NO_CREDENTIALS =
  "The api knows the bucket and finds no credentials to sign with. Its operator sets AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";

/** `GET /v1/videos/{id}/content`: the way to the file itself, by a link that needs no key and soon ends. */
export const addGetContent: AddRoute = (server, { ledger, contentLinks }) => {
  server.get(
    "/videos/:id/content",
    {
      schema: {
        operationId: "getContent",
        summary: "Fetch the file: redirects to a link into the bucket that is good for 15 minutes",
        tags: ["videos"],
        params: z.object({ id: videoIdSchema }),
        querystring: z.strictObject({
          n: z.coerce
            .number(NUMBER_RULE)
            .int(NUMBER_RULE)
            .min(1, NUMBER_RULE)
            .default(1)
            .describe("Which of several files, in the order of output"),
        }),
        response: {
          302: z.null().describe("Location is the link; it needs no key"),
          ...problemAnswers(
            "video_not_found",
            "file_not_found",
            "content_not_ready",
            "content_gone",
            "content_links_off",
          ),
        },
      },
    },
    async (request, reply) => {
      const reading = await readOwnedVideo(request, ledger, request.params.id);
      const file = fileOf(reading, request.query.n);
      if (contentLinks === null) throw new HttpProblem("content_links_off");
      try {
        const link = await contentLinks.linkTo(file, request.method === "HEAD" ? "HEAD" : "GET");
        return await reply.redirect(link, 302);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        request.failure = error;
        throw new HttpProblem("content_links_off", { detail: NO_CREDENTIALS });
      }
    },
  );
};

function fileOf({ record: { phase, output, error } }: Reading, n: number): StoredFile {
  if (phase !== "completed") {
    if (!isFinal(phase)) throw new HttpProblem("content_not_ready", { detail: `The video is ${phase}.` });
    const why = error ? `: ${error.code}` : "";
    throw new HttpProblem("content_gone", { detail: `The video is ${phase}${why}. There is no file of it.` });
  }
  const file = output[n - 1];
  if (file) return file;
  const has = output.length === 1 ? "one file" : `${output.length} files`;
  throw new HttpProblem("file_not_found", { detail: `The video has ${has}.` });
}
