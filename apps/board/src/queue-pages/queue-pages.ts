import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { FastifyAdapter } from "@bull-board/fastify";
import type { FastifyInstance } from "fastify";
import { STAGES, type Stage } from "@rushes/pipeline";
import type { WakeQueues } from "@rushes/queue";
import { viewAnswer } from "./answer-view.ts";
import { titleJob, viewJobData } from "./job-view.ts";

const PATH = "/queues";

const DESCRIPTIONS: Record<Stage, string> = {
  submit:
    "Turns to hand a video to the provider. A turn takes the head of the line, not always its own video.",
  poll: "Looks at tasks that are being generated.",
  archive: "Copies finished files into the bucket.",
  notify: "Tells callers what became of their videos.",
};

/** Its page asks a font service for its letters; the people who look at queues are nobody's business. */
const FONT_LINK = /<link href="https:\/\/fonts\.googleapis\.com\/[^>]*>/g;

export type QueuePagesOptions = {
  queues: WakeQueues["queues"];
  /** Where the api is, as a browser reaches it. */
  apiUrl: string;
  isRedisThere: () => boolean;
};

/**
 * Bull Board over the queues of all stages, at `/queues`. Its buttons only move, repeat and delete wake-ups: what
 * a video still needs is decided by its record, so none of them can order anything twice.
 */
export async function addQueuePages(app: FastifyInstance, options: QueuePagesOptions): Promise<void> {
  const adapter = new FastifyAdapter().setBasePath(PATH);
  createBullBoard({
    queues: STAGES.map((stage) => showQueue(stage, options)),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: "Rushes",
        hideDocsLink: true,
        miscLinks: [
          { text: "Overview", url: "/overview" },
          { text: "Unconfirmed videos", url: "/unconfirmed" },
          { text: "Log out", url: "/logout" },
        ],
      },
    },
  });

  await app.register(
    async (pages) => {
      pages.addHook("preHandler", async (request, reply) => {
        if (!request.url.startsWith(`${PATH}/api/`) || options.isRedisThere()) return;
        return reply.code(503).send({ error: { key: "ERRORS.REDIS_UNAVAILABLE" } });
      });
      pages.addHook("preSerialization", async (request, _reply, answer: unknown) =>
        viewAnswer(answer, request.user?.role ?? "viewer"),
      );
      pages.addHook("onSend", async (_request, reply, body: unknown) => {
        const isPage = String(reply.getHeader("content-type")).startsWith("text/html");
        return isPage && typeof body === "string" ? body.replace(FONT_LINK, "") : body;
      });
      await pages.register(adapter.registerPlugin());
    },
    { prefix: PATH },
  );
}

function showQueue(stage: Stage, { queues, apiUrl }: QueuePagesOptions): BullMQAdapter {
  const shown = new BullMQAdapter(queues[stage], {
    description: DESCRIPTIONS[stage],
    externalJobUrl: ({ data }) => {
      const { video } = viewJobData(data, apiUrl);
      const href = video === undefined ? "/videos" : `/videos/${encodeURIComponent(video.toWellFormed())}`;
      return { displayText: "Open the video", href };
    },
  });
  shown.setFormatter("name", titleJob);
  shown.setFormatter("data", (data) => viewJobData(data, apiUrl));
  return shown;
}
