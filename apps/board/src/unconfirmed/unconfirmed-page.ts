import type { FastifyReply } from "fastify";
import { dollars, type Reading } from "@rushes/pipeline";
import { escapeHtml, sendPage } from "../login/page-frame.ts";

const EXCERPT_CHARACTERS = 80;

export type UnconfirmedPage = {
  /** Longest unconfirmed first. */
  readings: readonly Reading[];
  /** Of all unconfirmed videos, also of those that are not shown. */
  count: number;
  micros: number;
  /** Where the api is, as a browser reaches it. */
  apiUrl: string;
};

/** The videos whose answer was lost, and how to act. Nothing can be pressed here: what costs money goes over the api. */
export function sendUnconfirmedPage(reply: FastifyReply, page: UnconfirmedPage): FastifyReply {
  const { readings, count, micros } = page;
  const rest = count > readings.length ? ` The ${readings.length} that wait longest are shown.` : "";
  const body =
    readings.length === 0
      ? "<p>No video is unconfirmed: of every submission it is known what became of it.</p>"
      : `<p>${count === 1 ? "1 video waits" : `${count} videos wait`}, ${usd(micros)} at stake.${rest}
The answer to a submission was lost, so the provider may have charged it and is not asked again.</p>
<div class="scroll"><table>
<thead><tr><th>Video</th><th>Since (UTC)</th><th class="number">At stake</th><th>Account</th><th>Attempts</th><th>Task</th><th>Prompt</th></tr></thead>
<tbody>
${readings.map((reading) => row(reading, page.apiUrl)).join("\n")}
</tbody></table></div>
${HOW_TO_ACT}`;
  return sendPage(
    reply,
    200,
    "Rushes: unconfirmed videos",
    `<h1>Unconfirmed videos</h1>
${body}
<p class="after"><a href="/queues">Back to the queues</a></p>`,
    { isWide: true },
  );
}

export function sendUnconfirmedAway(reply: FastifyReply): FastifyReply {
  return sendPage(
    reply,
    503,
    "Rushes: unconfirmed videos",
    `<h1>Unconfirmed videos</h1>
<p class="problem" role="alert">Redis does not answer, so the list cannot be read. Load the page again in a moment.</p>
<p class="after"><a href="/queues">Back to the queues</a></p>`,
  );
}

const HOW_TO_ACT = `<p>Look up at the provider which task was created at that time, then, with the command line or
<code>POST /v1/videos/{id}/…</code> and an admin's key:</p>
<dl>
<dt><code>rushes adopt &lt;video&gt; &lt;task&gt;</code></dt><dd>The task is there: its file is fetched, nothing is charged again.</dd>
<dt><code>rushes release &lt;video&gt; --max-charges 2</code></dt><dd>No task is there: the video is submitted again, which is a new charge.</dd>
<dt><code>rushes write-off &lt;video&gt;</code></dt><dd>It is not worth the search: the video fails, and the money counts as spent.</dd>
</dl>`;

function row({ record, order }: Reading, apiUrl: string): string {
  const since = new Date(record.unconfirmedSinceMs ?? record.createdMs);
  const link = `${apiUrl}/v1/videos/${encodeURIComponent(record.id)}`;
  const cells = [
    `<td><a href="${escapeHtml(link)}"><code>${escapeHtml(record.id)}</code></a></td>`,
    `<td><time datetime="${since.toISOString()}">${since.toISOString().slice(0, 16).replace("T", " ")}</time></td>`,
    `<td class="number">${usd(record.unconfirmedMicros)}</td>`,
    `<td>${escapeHtml(record.account ?? "–")}</td>`,
    `<td>${record.attempts.length}, at most ${record.maxCharges} charged</td>`,
    `<td>${taskCell(record)}</td>`,
    `<td class="prompt">${escapeHtml(excerpt(order.input.prompt))}</td>`,
  ];
  return `<tr>${cells.join("")}</tr>`;
}

function taskCell({ adoption, refusedAdoption }: Reading["record"]): string {
  if (adoption) return `${codeOf(adoption.taskId)}: the provider is asked`;
  if (refusedAdoption) return `${codeOf(refusedAdoption.taskId)}: ${escapeHtml(refusedAdoption.why)}`;
  return "–";
}

const codeOf = (taskId: string): string => `<code>${escapeHtml(excerpt(taskId))}</code>`;

function excerpt(text: string): string {
  return text.length > EXCERPT_CHARACTERS
    ? `${text.slice(0, EXCERPT_CHARACTERS).toWellFormed()}…`
    : text.toWellFormed();
}

function usd(micros: number): string {
  return `$${dollars(micros).toFixed(2)}`;
}
