import type { LedgerEvent } from "@rushes/ledger";
import {
  chargesOf,
  type Attempt,
  type Delivery,
  type Reading,
  type StoredFile,
  type VideoRecord,
} from "@rushes/pipeline";
import { html, type Content, type Markup } from "../pages/html.ts";
import { moneyText } from "../pages/money-text.ts";
import { momentText, spanText } from "../pages/span-text.ts";
import { eventWords } from "./event-words.ts";
import { CONFIRMED, type Verb } from "./offered-verbs.ts";
import type { VideoJob } from "./video-jobs.ts";

/** The newest of them: a task that is late for days has many. */
const SHOWN_EVENTS = 200;

export type VideoPage = {
  reading: Reading;
  events: readonly LedgerEvent[];
  deliveries: readonly Delivery[];
  jobs: readonly VideoJob[];
  /** What this person may press; empty for a viewer. */
  verbs: readonly Verb[];
  /** Whether links to files can be signed here. */
  hasPlayer: boolean;
  /** What came of the verb that was pressed last. */
  said: { text: string; isProblem: boolean } | null;
};

export function videoBody(page: VideoPage): Markup {
  const { reading, said } = page;
  const { record, order } = reading;
  const { phase, late } = record;
  return html`<h1>${record.id} <span class="badge ${phase}">${phase}${late ? ", late" : null}</span></h1>
    ${said ? html`<p class="said${said.isProblem ? " problem" : ""}" role="${said.isProblem ? "alert" : "status"}">${said.text}</p>` : null}
    <div class="video">
      <div>
        ${
          page.verbs.length > 0
            ? html`<section class="card">
                <h2>Act</h2>
                ${verbForms(record, page.verbs)}
              </section>`
            : null
        }
        ${fileCards(page)}
        <section class="card">
          <h2>Timeline</h2>
          ${timeline(page.events)}
        </section>
        <section class="card">
          <h2>Attempts and charges</h2>
          ${attempts(record)}
        </section>
      </div>
      <div>
        <section class="card">
          <h2>Order</h2>
          ${facts(reading)}
        </section>
        <section class="card">
          <h2>Prompt</h2>
          <p class="prompt">${order.input.prompt}</p>
        </section>
        ${
          Object.keys(order.metadata).length > 0
            ? html`<section class="card">
                <h2>Metadata</h2>
                <pre>${JSON.stringify(order.metadata, null, 2)}</pre>
              </section>`
            : null
        }
        <section class="card">
          <h2>Jobs</h2>
          ${jobs(page.jobs)}
        </section>
        ${
          page.deliveries.length > 0
            ? html`<section class="card">
                <h2>Webhooks</h2>
                ${webhooks(page.deliveries)}
              </section>`
            : null
        }
      </div>
    </div>`;
}

const BUTTONS: Record<Verb, string> = {
  poll: "Poll now",
  rearchive: "Archive again",
  adopt: "Adopt",
  release: "Release…",
  "write-off": "Write off…",
  cancel: "Cancel…",
  "order-again": "Order again…",
};

function verbForms(record: VideoRecord, verbs: readonly Verb[]): Markup {
  const path = `/videos/${encodeURIComponent(record.id)}`;
  return html`<div class="verbs">
    ${verbs.map((verb) => {
      if (CONFIRMED.includes(verb))
        return html`<a class="button" href="${path}/confirm/${verb}">${BUTTONS[verb]}</a>`;
      const field =
        verb === "adopt"
          ? html`<input
              name="task_id"
              placeholder="Task at the provider"
              aria-label="Task at the provider"
              maxlength="200"
              required
            />`
          : null;
      return html`<form method="post" action="${path}/${verb}">
        ${field}<button>${BUTTONS[verb]}</button>
      </form>`;
    })}
  </div>`;
}

function fileCards({ reading: { record }, hasPlayer }: VideoPage): Content {
  const { output, error, phase } = record;
  if (phase === "failed" && error) {
    return html`<section class="card">
      <h2>Why it failed</h2>
      <p class="problem">${error.message}</p>
      <p class="quiet"><code>${error.code}</code> · ${error.class.replaceAll("_", " ")}</p>
    </section>`;
  }
  return output.map((file, index) => fileCard(record.id, file, index + 1, hasPlayer));
}

function fileCard(id: string, file: StoredFile, number: number, hasPlayer: boolean): Markup {
  const { media } = file;
  const content = `/videos/${encodeURIComponent(id)}/content?n=${number}`;
  const player = hasPlayer
    ? html`<video controls preload="metadata" playsinline src="${content}"></video>`
    : html`<p class="quiet">
        Not shown here: the board signs links once it knows the bucket (<code>ARCHIVE_BUCKET</code>).
      </p>`;
  return html`<section class="card">
    <h2>File${number > 1 ? ` ${number}` : null}</h2>
    ${player}
    <p class="quiet">
      <code>${file.url}</code
      ><br />${bytesText(file.bytes)}${media ? ` · ${media.width}×${media.height} · ${spanText(media.duration_ms)} · ${media.codec}` : null}<br /><code
        >sha256 ${file.sha256}</code
      >
    </p>
  </section>`;
}

function bytesText(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function timeline(events: readonly LedgerEvent[]): Markup {
  const shown = events.slice(-SHOWN_EVENTS);
  return html`<ol class="timeline">
    ${shown.map((event, index) => {
      const before = shown[index - 1];
      const since = before ? html` <small>+${spanText(event.atMs - before.atMs)}</small>` : null;
      const moved = before && before.phase !== event.phase ? html` <small>→ ${event.phase}</small>` : null;
      return html`<li>
        <time datetime="${new Date(event.atMs).toISOString()}">${momentText(event.atMs)}</time
        >${since}<br />${eventWords(event)}${moved}
      </li>`;
    })}
  </ol>`;
}

function attempts(record: VideoRecord): Markup {
  if (record.attempts.length === 0) return html`<p class="quiet">Nothing was submitted yet.</p>`;
  return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th class="number">#</th>
            <th>State</th>
            <th>Account</th>
            <th>Task</th>
            <th>Submitted (UTC)</th>
            <th>Took</th>
            <th class="number">Price</th>
            <th>Money</th>
          </tr>
        </thead>
        <tbody>
          ${record.attempts.map((one) => attemptRow(one, record))}
        </tbody>
      </table>
    </div>
    <p class="quiet">${chargesOf(record)} of at most ${record.maxCharges} charges.</p>`;
}

function attemptRow(attempt: Attempt, { current }: VideoRecord): Markup {
  const { number, state, acceptedMs, endedMs } = attempt;
  return html`<tr><td class="number">${number}</td>
<td${state === "unknown" ? html` class="problem"` : null}>${state.replaceAll("_", " ")}${number === current ? html` <small>followed</small>` : null}</td>
<td>${attempt.account}</td>
<td>${attempt.taskId === null ? "–" : html`<code>${attempt.taskId}</code>`}</td>
<td><time datetime="${new Date(attempt.intentMs).toISOString()}">${momentText(attempt.intentMs)}</time></td>
<td>${acceptedMs !== null && endedMs !== null ? spanText(endedMs - acceptedMs) : "–"}</td>
<td class="number">${moneyText(attempt.priceMicros)}</td><td>${attempt.money}</td></tr>`;
}

function facts({ record, order, nowMs }: Reading): Markup {
  const { input } = order;
  const rows: [string, Content][] = [
    ["Caller", record.owner],
    ["Mode", input.mode],
    ["Length", `${input.duration} s`],
    ...(input.aspect_ratio ? [["Shape", input.aspect_ratio] as [string, Content]] : []),
    ["Price", moneyText(record.priceMicros)],
    ["Reserved", moneyText(record.reservedMicros)],
    ["Billed", moneyText(record.billedMicros)],
    [
      "Ordered",
      html`${momentText(record.createdMs)} <small>${spanText(nowMs - record.createdMs)} ago</small>`,
    ],
    ...(record.endedMs === null
      ? []
      : [["Took", spanText(record.endedMs - record.createdMs)] as [string, Content]]),
    ...(record.adoption
      ? [
          ["Adoption", html`<code>${record.adoption.taskId}</code>: the provider is asked`] as [
            string,
            Content,
          ],
        ]
      : []),
    ...(record.refusedAdoption
      ? [
          [
            "Adoption",
            html`<code>${record.refusedAdoption.taskId}</code>: ${record.refusedAdoption.why}`,
          ] as [string, Content],
        ]
      : []),
    ...(order.origin?.request_id
      ? [["Request", html`<code>${order.origin.request_id}</code>`] as [string, Content]]
      : []),
  ];
  return html`<dl>
    ${rows.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

function jobs(list: readonly VideoJob[]): Markup {
  if (list.length === 0)
    return html`<p class="quiet">None is kept any more. Jobs are only wake-ups; the record is above.</p>`;
  return html`<div class="scroll">
    <table>
      <tbody>
        ${list.map(
          ({ stage, id, state }) =>
            html`<tr>
              <td>${stage}</td>
              <td>
                <a href="/queues/queue/${stage}/${encodeURIComponent(id)}"
                  ><code>${id.slice(id.indexOf("."))}</code></a
                >
              </td>
              <td>${state}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function webhooks(deliveries: readonly Delivery[]): Markup {
  return html`<div class="scroll">
    <table>
      <tbody>
        ${deliveries.map(({ event, state, recorded, attempts: tried }) => {
          const last = tried.at(-1);
          const answer = last ? (last.status ?? last.error?.code ?? "") : "";
          return html`<tr>
            <td>${event}</td>
            <td>${state.replaceAll("_", " ")}</td>
            <td>${recorded} tried</td>
            <td>${answer}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}
