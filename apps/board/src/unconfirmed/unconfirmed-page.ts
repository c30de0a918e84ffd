import type { Reading } from "@rushes/pipeline";
import { html, type Content, type Markup } from "../pages/html.ts";
import { moneyText } from "../pages/money-text.ts";
import { momentText } from "../pages/span-text.ts";

const EXCERPT_CHARACTERS = 80;

export type UnconfirmedPage = {
  /** Longest unconfirmed first. */
  readings: readonly Reading[];
  /** Of all unconfirmed videos, also of those that are not shown. */
  count: number;
  micros: number;
};

/** The videos whose answer was lost, and how to act. What may be pressed is on each video's own page. */
export function unconfirmedBody({ readings, count, micros }: UnconfirmedPage): Markup {
  if (readings.length === 0) {
    return html`<h1>Unconfirmed videos</h1>
      <p>No video is unconfirmed: of every submission it is known what became of it.</p>`;
  }
  const rest = count > readings.length ? ` The ${readings.length} that wait longest are shown.` : "";
  return html`<h1>Unconfirmed videos</h1>
    <p>
      ${count === 1 ? "1 video waits" : `${count} videos wait`}, ${moneyText(micros)} at stake.${rest} The
      answer to a submission was lost, so the provider may have charged it and is not asked again.
    </p>
    <section class="card">
      <div class="scroll">
        <table>
          <thead>
            <tr>
              <th>Video</th>
              <th>Since (UTC)</th>
              <th class="number">At stake</th>
              <th>Account</th>
              <th>Attempts</th>
              <th>Task</th>
              <th>Prompt</th>
            </tr>
          </thead>
          <tbody>
            ${readings.map(row)}
          </tbody>
        </table>
      </div>
    </section>
    <section class="card narrow">
      <p>
        Look up at the provider which task was created at that time, then act on the video's page, or with the
        command line:
      </p>
      <dl>
        <dt><code>rushes adopt &lt;video&gt; &lt;task&gt;</code></dt>
        <dd>The task is there: its file is fetched, nothing is charged again.</dd>
        <dt><code>rushes release &lt;video&gt; --max-charges 2</code></dt>
        <dd>No task is there: the video is submitted again, which is a new charge.</dd>
        <dt><code>rushes write-off &lt;video&gt;</code></dt>
        <dd>It is not worth the search: the video fails, and the money counts as spent.</dd>
      </dl>
    </section>`;
}

function row({ record, order }: Reading): Markup {
  const since = record.unconfirmedSinceMs ?? record.createdMs;
  return html`<tr>
    <td>
      <a href="/videos/${encodeURIComponent(record.id)}"><code>${record.id}</code></a>
    </td>
    <td><time datetime="${new Date(since).toISOString()}">${momentText(since)}</time></td>
    <td class="number">${moneyText(record.unconfirmedMicros)}</td>
    <td>${record.account ?? "–"}</td>
    <td>${record.attempts.length}, at most ${record.maxCharges} charged</td>
    <td>${taskCell(record)}</td>
    <td class="clip">${excerpt(order.input.prompt)}</td>
  </tr>`;
}

function taskCell({ adoption, refusedAdoption }: Reading["record"]): Content {
  if (adoption) return html`<code>${excerpt(adoption.taskId)}</code>: the provider is asked`;
  if (refusedAdoption) return html`<code>${excerpt(refusedAdoption.taskId)}</code>: ${refusedAdoption.why}`;
  return "–";
}

function excerpt(text: string): string {
  return text.length > EXCERPT_CHARACTERS ? `${text.slice(0, EXCERPT_CHARACTERS)}…` : text;
}
