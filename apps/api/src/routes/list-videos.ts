import { z } from "zod";
import { PHASES, phasesOf, presentVideo, STATUSES, type Phase, type Status } from "@rushes/pipeline";
import type { AddRoute } from "../api-parts.ts";
import { EXAMPLE_VIDEO, exampleList } from "../examples.ts";
import { callerOf } from "../identify-caller.ts";
import { pageLimit } from "../page-limit.ts";
import { problemAnswers } from "../problem-schema.ts";
import { videoIdSchema } from "../video-id.ts";
import { videoSchema } from "../video-schema.ts";

const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 100;

const querySchema = z.strictObject({
  status: z.enum(STATUSES, { error: `status must be one of ${STATUSES.join(", ")}` }).optional(),
  phase: z
    .enum(PHASES, { error: `phase must be one of ${PHASES.join(", ")}` })
    .describe("unconfirmed lists the videos whose answer was lost, which wait for an operator")
    .optional(),
  limit: pageLimit(MAX_LIMIT, DEFAULT_LIMIT),
  after: videoIdSchema.describe("The last_id of the page before").optional(),
});

const pageSchema = z
  .strictObject({
    object: z.literal("list"),
    data: z.array(videoSchema).readonly(),
    first_id: z.string().nullable(),
    last_id: z.string().nullable(),
    has_more: z.boolean(),
  })
  .meta({
    examples: [
      {
        ...exampleList(EXAMPLE_VIDEO),
        first_id: EXAMPLE_VIDEO.id,
        last_id: EXAMPLE_VIDEO.id,
        has_more: false,
      },
    ],
  });

/** `GET /v1/videos`: the caller's own videos, newest first; everybody's for an admin. */
export const addListVideos: AddRoute = (server, { ledger }) => {
  server.get(
    "/videos",
    {
      schema: {
        operationId: "listVideos",
        summary: "List videos, newest first: your own, or with an admin key everybody's",
        tags: ["videos"],
        querystring: querySchema,
        response: { 200: pageSchema, ...problemAnswers() },
      },
    },
    async (request, reply) => {
      const { status, phase, limit, after = null } = request.query;
      const caller = callerOf(request);
      const phases = phasesWanted(status, phase);
      // To the ledger no phases would mean all of them.
      if (phases.length === 0) return reply.send(pageOf([], [], false));
      const isFiltered = phases.length < PHASES.length;
      const { ids, hasMore } = await ledger.list({
        phases: isFiltered ? phases : [],
        owner: caller.isAdmin ? null : caller.name,
        limit,
        after,
      });
      // A video that moved while the sets were read stands in two of them, or has left the phases that were asked for.
      const distinct = [...new Set(ids)];
      const readings = await ledger.readMany(distinct);
      const current = readings.filter(({ record }) => phases.includes(record.phase));
      const videos = current.map(({ record, order, nowMs }) => presentVideo(record, order, nowMs));
      return reply.send(pageOf(videos, distinct, hasMore));
    },
  );
};

function phasesWanted(status: Status | undefined, phase: Phase | undefined): readonly Phase[] {
  const ofStatus = status === undefined ? PHASES : phasesOf(status);
  return phase === undefined ? ofStatus : ofStatus.filter((candidate) => candidate === phase);
}

/** The cursors come from the ids that were found, so that going on works even where records are gone by now. */
function pageOf<Item>(data: readonly Item[], ids: readonly string[], hasMore: boolean) {
  return {
    object: "list" as const,
    data,
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
    has_more: hasMore,
  };
}
