import { RushesError, verifyWebhook, type Client } from "@rushes/client";
import { fastify, type FastifyInstance } from "fastify";

/** A film of this service: what it needs to know of a video. */
type Film = { name: string; state: "ordered" | "ready" | "failed"; videoId: string; url: string | null };

type Options = {
  rushes: Client;
  /** What the workers of Rushes sign with. */
  webhookSecret: string;
  /** Where Rushes reaches this service. */
  ownUrl: string;
};

/**
 * `PUT /films/{name}` orders a film, `GET /films/{name}` shows it, and Rushes tells at `POST /hooks/rushes` how it ended.
 * Films are kept in memory here; yours belong in your database.
 */
export function createFilmServer({ rushes, webhookSecret, ownUrl }: Options): FastifyInstance {
  const films = new Map<string, Film>();
  const service = fastify();

  service.put<{ Params: { name: string }; Body: { prompt: string } }>(
    "/films/:name",
    async (request, reply) => {
      const { name } = request.params;
      try {
        const video = await rushes.order(
          {
            input: { mode: "master-text-to-video", prompt: request.body.prompt, duration: 5 },
            metadata: { film: name },
            webhook_url: `${ownUrl}/hooks/rushes`,
          },
          // This service's own name for the order: whoever repeats the request, and whenever, it is paid once.
          { idempotencyKey: `film-${name}` },
        );
        // The webhook may have been faster than this answer.
        if (!films.has(name)) films.set(name, { name, state: "ordered", videoId: video.id, url: null });
        return await reply.code(202).send(films.get(name));
      } catch (error) {
        if (!(error instanceof RushesError)) throw error;
        const isOurs = error.status === 422;
        return await reply.code(isOurs ? 422 : 503).send({ code: error.code, errors: error.errors });
      }
    },
  );

  service.get<{ Params: { name: string } }>("/films/:name", async (request, reply) => {
    const film = films.get(request.params.name);
    return film ?? (await reply.code(404).send({ code: "film_not_found" }));
  });

  // In a scope of its own, whose bodies stay bytes: the signature is over what was sent, not over what was parsed.
  void service.register(async (hooks) => {
    hooks.removeAllContentTypeParsers();
    hooks.addContentTypeParser("application/json", { parseAs: "buffer" }, (_request, body, done) =>
      done(null, body),
    );
    const handled = new Set<string>();

    hooks.post<{ Body: Buffer }>("/hooks/rushes", async (request, reply) => {
      try {
        const { type, data } = verifyWebhook(request.headers, request.body, webhookSecret);
        const id = String(request.headers["webhook-id"]);
        // The same one may come twice.
        if (handled.has(id)) return await reply.code(204).send();
        handled.add(id);
        const name = data.metadata["film"] as string;
        const url = data.output[0]?.url ?? null;
        const state = type === "video.completed" ? "ready" : "failed";
        films.set(name, { name, state, videoId: data.id, url });
        return await reply.code(204).send();
      } catch (error) {
        if (!(error instanceof RushesError)) throw error;
        return await reply.code(401).send({ code: error.code });
      }
    });
  });

  return service;
}
