import type { FastifyInstance } from "fastify";
import type { AuditEntry, Ledger } from "@rushes/ledger";
import { sendBoardPage, sendRedisAway } from "../pages/board-page.ts";
import { html, type Markup } from "../pages/html.ts";
import { momentText } from "../pages/span-text.ts";

const MOST_SHOWN = 200;
const PLACE = "/audit";

/** `/audit`: what people and the policy have done, newest first. */
export function addAuditPage(
  app: FastifyInstance,
  { ledger, isRedisThere }: { ledger: Pick<Ledger, "readAudit">; isRedisThere: () => boolean },
): void {
  app.get(PLACE, async (request, reply) => {
    const { user } = request;
    if (!isRedisThere()) return sendRedisAway(reply, { title: "Audit", user, place: PLACE });
    const entries = await ledger.readAudit(MOST_SHOWN);
    return sendBoardPage(reply, {
      title: "Audit",
      user,
      place: PLACE,
      body: html`<h1>Audit</h1>
        <section class="card">
          ${
            entries.length === 0
              ? html`<p class="quiet">Nobody has done anything by hand yet.</p>`
              : html`<div class="scroll">
                    <table>
                      <thead>
                        <tr>
                          <th>When (UTC)</th>
                          <th>Who</th>
                          <th>What</th>
                          <th>Video</th>
                          <th>Details</th>
                        </tr>
                      </thead>
                      <tbody>
                        ${entries.map(row)}
                      </tbody>
                    </table>
                  </div>
                  <p class="quiet">
                    The newest ${MOST_SHOWN} at most. <code>GET /v1/audit</code> tells programs the same.
                  </p>`
          }
        </section>`,
    });
  });
}

function row({ atMs, by, verb, videoId, details }: AuditEntry): Markup {
  const video = videoId
    ? html`<a href="/videos/${encodeURIComponent(videoId)}"><code>${videoId}</code></a>`
    : "–";
  return html`<tr>
    <td><time>${momentText(atMs)}</time></td>
    <td>${by}</td>
    <td>${verb}</td>
    <td>${video}</td>
    <td class="clip">
      ${Object.entries(details).map(([name, value]) => html`${name.replaceAll("_", " ")} <code>${value}</code> `)}
    </td>
  </tr>`;
}
