import type { FastifyInstance } from "fastify";
import { sendBoardPage, sendRedisAway } from "../pages/board-page.ts";
import { html, type Markup } from "../pages/html.ts";
import type { Bounds } from "./attention.ts";
import { overviewParts, wordsId, type OverviewParts } from "./overview-parts.ts";
import type { OverviewReader } from "./overview-reader.ts";

export type OverviewRoutesParts = {
  reader: OverviewReader;
  bounds: Bounds;
  isRedisThere: () => boolean;
};

const TITLE = "Overview";
const PLACE = "/overview";

/**
 * `/overview`, whole as it is served, and `/overview/live`, which its script asks for what has changed. Both answer
 * from one picture that is read every few seconds at most.
 */
export function addOverview(
  app: FastifyInstance,
  { reader, bounds, isRedisThere }: OverviewRoutesParts,
): void {
  app.get(PLACE, async (request, reply) => {
    const { user } = request;
    if (!isRedisThere()) return sendRedisAway(reply, { title: TITLE, user, place: PLACE });
    const picture = await reader.read();
    const accounts = picture.accounts.map(({ name }) => name);
    return sendBoardPage(reply, {
      title: TITLE,
      user,
      place: PLACE,
      body: body(overviewParts(picture, bounds), accounts),
      scripts: ["uplot.js", "overview.js"],
      styles: ["uplot.css"],
    });
  });

  app.get<{ Querystring: { after?: unknown } }>("/overview/live", async (request, reply) => {
    if (!isRedisThere()) return reply.code(503).send({ error: "Redis does not answer" });
    const picture = await reader.read();
    const parts = Object.entries(overviewParts(picture, bounds)).map(([id, { text }]) => [id, text]);
    // Rows in place of objects: the first answer carries three hours.
    const charts = Object.entries(reader.historyAfter(Number(request.query.after) || 0)).map(
      ([account, samples]) => [
        account,
        samples.map((one) => [one.atMs, one.inFlight, one.limit, one.lastMinute, one.perMinute, one.refused]),
      ],
    );
    return {
      nowMs: picture.nowMs,
      parts: Object.fromEntries(parts) as Record<string, string>,
      charts: Object.fromEntries(charts) as Record<string, unknown>,
    };
  });
}

function body(parts: OverviewParts, accounts: readonly string[]): Markup {
  const part = (id: string, className = ""): Markup =>
    html`<div class="part ${className}" data-part="${id}">${parts[id] ?? null}</div>`;
  const card = (id: string, title: string, className = ""): Markup =>
    html`<section class="card ${className}">
      <h2>${title}</h2>
      ${part(id)}
    </section>`;
  return html`<h1 class="hidden">Overview</h1>
    <p id="stale" class="problem" role="status" hidden>The board does not answer; what is shown is old.</p>
    ${part("attention")} ${part("flow", "flow")}
    ${accounts.map(
      (account) =>
        html`<section class="card account" data-account="${account}">
          <h2>Account ${account}</h2>
          ${part(wordsId(account))}
          <div class="charts">
            <div class="chart" data-chart="places"></div>
            <div class="chart" data-chart="rate"></div>
          </div>
        </section>`,
    )}
    <div class="cards">
      ${card("money", "Money")} ${card("archive", "Archive deadline")} ${card("workers", "Workers")}
      ${card("pace", "Generation time and poll lag", "wide")} ${card("failures", "Failures by class", "wide")}
    </div>
    <noscript
      ><p class="quiet">Without scripts this page shows no charts and does not refresh itself.</p></noscript
    >`;
}
