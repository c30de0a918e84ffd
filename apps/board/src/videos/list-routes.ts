import type { FastifyInstance } from "fastify";
import type { Ledger } from "@rushes/ledger";
import { PHASES, type Phase, type Reading } from "@rushes/pipeline";
import { sendBoardPage, sendRedisAway } from "../pages/board-page.ts";
import { html, type Markup } from "../pages/html.ts";
import { momentText } from "../pages/span-text.ts";

const PER_PAGE = 50;
const EXCERPT_CHARACTERS = 80;
const PLACE = "/videos";

export type ListRoutesParts = {
  ledger: Pick<Ledger, "list" | "readMany">;
  findVideos: (text: string) => Promise<string[]>;
  isRedisThere: () => boolean;
};

/** `/videos`, newest orders first, of one phase or all; `/find`, by an id of a video or task, or an idempotency key. */
export function addVideoLists(app: FastifyInstance, parts: ListRoutesParts): void {
  const { ledger, findVideos, isRedisThere } = parts;

  app.get<{ Querystring: { phase?: unknown; after?: unknown } }>(PLACE, async (request, reply) => {
    const { user } = request;
    if (!isRedisThere()) return sendRedisAway(reply, { title: "Videos", user, place: PLACE });
    const phase = PHASES.find((known) => known === request.query.phase) ?? null;
    const { ids, hasMore } = await ledger.list({
      phases: phase ? [phase] : [],
      owner: null,
      limit: PER_PAGE,
      after: typeof request.query.after === "string" ? request.query.after : null,
    });
    const readings = await ledger.readMany(ids);
    const next = new URLSearchParams({ ...(phase ? { phase } : {}), after: ids.at(-1) ?? "" });
    return sendBoardPage(reply, {
      title: "Videos",
      user,
      place: PLACE,
      body: html`<h1>Videos</h1>
        <nav class="phases">${phaseLink(null, phase)}${PHASES.map((one) => phaseLink(one, phase))}</nav>
        <section class="card">
          ${table(readings)}
          ${hasMore ? html`<p><a class="button" href="/videos?${next.toString()}">Older</a></p>` : null}
        </section>`,
    });
  });

  app.get<{ Querystring: { q?: unknown } }>("/find", async (request, reply) => {
    const { user } = request;
    const sought = typeof request.query.q === "string" ? request.query.q.trim() : "";
    if (!isRedisThere()) return sendRedisAway(reply, { title: "Find", user, place: PLACE });
    const ids = sought === "" ? [] : await findVideos(sought);
    const [only] = ids;
    if (only !== undefined && ids.length === 1)
      return await reply.redirect(`/videos/${encodeURIComponent(only)}`, 303);
    return sendBoardPage(reply, {
      httpStatus: ids.length === 0 ? 404 : 200,
      title: "Find",
      user,
      place: PLACE,
      sought,
      body:
        ids.length === 0
          ? html`<h1>Nothing found</h1>
              <p>No video, task or idempotency key is exactly <code>${sought}</code>.</p>`
          : html`<h1>${ids.length} videos</h1>
              <section class="card">${table(await ledger.readMany(ids))}</section>`,
    });
  });
}

function phaseLink(phase: Phase | null, shown: Phase | null): Markup {
  const current = phase === shown ? html` aria-current="page"` : null;
  return html`<a href="/videos${phase ? `?phase=${phase}` : ""}" ${current}>${phase ?? "all"}</a>`;
}

function table(readings: readonly Reading[]): Markup {
  if (readings.length === 0) return html`<p class="quiet">None.</p>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Video</th>
          <th>Phase</th>
          <th>Ordered (UTC)</th>
          <th>Caller</th>
          <th>Mode</th>
          <th>Prompt</th>
        </tr>
      </thead>
      <tbody>
        ${readings.map(
          ({ record, order: { input } }) =>
            html`<tr>
              <td>
                <a href="/videos/${encodeURIComponent(record.id)}"><code>${record.id}</code></a>
              </td>
              <td><span class="badge ${record.phase}">${record.phase}</span></td>
              <td><time>${momentText(record.createdMs)}</time></td>
              <td>${record.owner}</td>
              <td>${input.mode}, ${input.duration} s</td>
              <td class="clip">${excerpt(input.prompt)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function excerpt(text: string): string {
  return text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}…` : text;
}
