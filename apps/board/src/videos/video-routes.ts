import { randomUUID } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Ledger } from "@rushes/ledger";
import { isFinal, type Reading } from "@rushes/pipeline";
import type { WakeQueues } from "@rushes/queue";
import type { ContentLinks } from "@rushes/video-store";
import { sendBoardPage, sendRedisAway } from "../pages/board-page.ts";
import { html } from "../pages/html.ts";
import { confirmBody } from "./confirm-page.ts";
import { CONFIRMED, offeredVerbs, VERBS, type Verb } from "./offered-verbs.ts";
import type { OperatorActs } from "./operator-acts.ts";
import { findJobs } from "./video-jobs.ts";
import { videoBody, type VideoPage } from "./video-page.ts";

export type VideoRoutesParts = {
  ledger: Pick<Ledger, "read" | "readEvents" | "deliveries">;
  queues: WakeQueues["queues"];
  acts: OperatorActs;
  /** Null: the board does not know the bucket, and pages have no player. */
  contentLinks: ContentLinks | null;
  isRedisThere: () => boolean;
};

type VideoRequest = FastifyRequest<{ Params: { id: string } }>;

const PLACE = "/videos";

/** `/videos/{id}`: what is known of one video, its file, and the verbs. What is pressed is a POST, which only admins get through. */
export function addVideoPages(app: FastifyInstance, parts: VideoRoutesParts): void {
  const { ledger, acts, contentLinks } = parts;

  /** The video, or the answer that there is none. */
  async function readVideo(request: VideoRequest, reply: FastifyReply): Promise<Reading | null> {
    const { user } = request;
    const { id } = request.params;
    if (!parts.isRedisThere()) {
      await sendRedisAway(reply, { title: "Video", user, place: PLACE });
      return null;
    }
    const reading = await ledger.read(id);
    if (!reading) await sendNoVideo(request, reply);
    return reading;
  }

  async function sendVideo(
    request: VideoRequest,
    reply: FastifyReply,
    reading: Reading,
    said: VideoPage["said"] = null,
  ): Promise<FastifyReply> {
    const { record } = reading;
    const [events, deliveries] = await Promise.all([
      ledger.readEvents(record.id),
      ledger.deliveries.list(record.id),
    ]);
    const [file] = record.output;
    // Signing asks nobody. The player follows a redirect there, and the page's policy names where that may lead.
    const link = file && contentLinks ? await contentLinks.linkTo(file, "GET").catch(() => null) : null;
    return sendBoardPage(reply, {
      httpStatus: said?.isProblem ? 409 : 200,
      title: record.id,
      user: request.user,
      place: PLACE,
      mediaOrigin: link === null ? null : new URL(link).origin,
      body: videoBody({
        reading,
        events,
        deliveries,
        jobs: await findJobs(parts.queues, record, events, deliveries),
        verbs: request.user?.role === "admin" ? offeredVerbs(record) : [],
        hasPlayer: link !== null,
        said,
      }),
    });
  }

  app.get<{ Params: { id: string }; Querystring: { done?: unknown } }>(
    "/videos/:id",
    async (request, reply) => {
      const reading = await readVideo(request, reply);
      if (!reading) return reply;
      const done = VERBS.find((verb) => verb === request.query.done);
      return await sendVideo(request, reply, reading, done ? { text: DONE[done], isProblem: false } : null);
    },
  );

  app.get<{ Params: { id: string }; Querystring: { n?: unknown } }>(
    "/videos/:id/content",
    async (request, reply) => {
      const reading = await readVideo(request, reply);
      if (!reading) return reply;
      const file = reading.record.output[Number(request.query.n ?? 1) - 1];
      if (!file || !contentLinks || !isFinal(reading.record.phase))
        return await reply.code(404).send({ error: "there is no file to show" });
      return await reply.redirect(await contentLinks.linkTo(file, "GET"), 302);
    },
  );

  app.get<{ Params: { id: string; verb: string } }>("/videos/:id/confirm/:verb", async (request, reply) => {
    const reading = await readVideo(request, reply);
    if (!reading) return reply;
    const verb = CONFIRMED.find((known) => known === request.params.verb);
    if (!verb || request.user?.role !== "admin" || !offeredVerbs(reading.record).includes(verb))
      return await sendVideo(request, reply, reading, {
        text: "This cannot be done with the video as it is, or not by you.",
        isProblem: true,
      });
    return sendBoardPage(reply, {
      title: reading.record.id,
      user: request.user,
      place: PLACE,
      body: confirmBody(verb, reading, randomUUID()),
    });
  });

  for (const verb of VERBS) {
    app.post<{ Params: { id: string } }>(`/videos/:id/${verb}`, async (request, reply) => {
      const { id } = request.params;
      const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
      const act = await acts.act(verb, id, form, request.user?.name ?? "");
      if (!act) return await sendNoVideo(request, reply);
      // A page that a reload does not press again.
      if (act.kind === "done")
        return await reply.redirect(`/videos/${encodeURIComponent(act.videoId)}?done=${verb}`, 303);
      const reading = await ledger.read(id);
      if (!reading) return await sendNoVideo(request, reply);
      return await sendVideo(request, reply, reading, { text: act.because, isProblem: true });
    });
  }
}

const DONE: Record<Verb, string> = {
  poll: "The next look at the task is now.",
  rearchive: "Noted: what the bucket has lost is fetched again, while the provider has it.",
  adopt: "Noted: the provider is asked whether it knows this task.",
  release: "Released: it stands in line to be submitted again.",
  "write-off": "Written off: the money counts as spent.",
  cancel: "Cancelled. Nothing was charged.",
  "order-again": "Ordered again: this is the new video.",
};

function sendNoVideo(request: VideoRequest, reply: FastifyReply): FastifyReply {
  return sendBoardPage(reply, {
    httpStatus: 404,
    title: "No such video",
    user: request.user,
    place: PLACE,
    sought: request.params.id,
    body: html`<h1>No such video</h1>
      <p>There is no video <code>${request.params.id}</code>, or it was forgotten after its time.</p>`,
  });
}
