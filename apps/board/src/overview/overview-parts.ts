import type { LimitsDescription, Phase } from "@rushes/pipeline";
import { html, type Content, type Markup } from "../pages/html.ts";
import { moneyText } from "../pages/money-text.ts";
import { spanText } from "../pages/span-text.ts";
import { attentionOf, type Bounds } from "./attention.ts";
import type { AccountPicture, Percentiles, Picture } from "./overview-reader.ts";
import { rolesOf } from "./worker-rows.ts";

/** The pieces of the page that are replaced while it is open, by the id of their place. */
export type OverviewParts = Record<string, Markup>;

const WAY: readonly Phase[] = ["queued", "submitting", "generating", "archiving", "completed"];
const ASIDE: readonly Phase[] = ["unconfirmed", "failed", "cancelled"];

export function overviewParts(picture: Picture, bounds: Bounds): OverviewParts {
  return {
    attention: attention(picture, bounds),
    flow: flow(picture),
    money: money(picture, bounds),
    pace: pace(picture),
    archive: archive(picture, bounds),
    failures: failures(picture),
    workers: workers(picture),
    ...Object.fromEntries(
      picture.accounts.map((account) => [wordsId(account.name), words(account, picture)]),
    ),
  };
}

/** Where what is known of an account stands, beside its charts. */
export function wordsId(account: string): string {
  return `words-${account}`;
}

function attention(picture: Picture, bounds: Bounds): Markup {
  const notes = attentionOf(picture, bounds);
  if (notes.length === 0) return html`<p class="calm">Nothing needs a person.</p>`;
  return html`<ul class="notes">
    ${notes.map((note) => html`<li>${note}</li>`)}
  </ul>`;
}

function flow(picture: Picture): Markup {
  return html`<ol class="way">
      ${WAY.map((phase) => tile(phase, picture))}
    </ol>
    <ul class="aside">
      ${ASIDE.map((phase) => tile(phase, picture))}
    </ul>`;
}

function tile(phase: Phase, { totals, oldestMs, doubtSinceMs, nowMs }: Picture): Markup {
  const number = totals.phases[phase];
  const since = phase === "unconfirmed" ? doubtSinceMs : oldestMs[phase];
  const isProblem = phase === "unconfirmed" && number > 0;
  const late = phase === "generating" && totals.late > 0 ? html`, ${totals.late} late` : null;
  const age: Content =
    since === undefined || since === null
      ? null
      : html`<small>oldest ${spanText(nowMs - since)}${late}</small>`;
  const href = phase === "unconfirmed" ? "/unconfirmed" : `/videos?phase=${phase}`;
  return html`<li class="phase ${phase}${isProblem ? " problem" : ""}">
    <a href="${href}"><span>${phase}</span><b>${number.toLocaleString("en-US")}</b>${age}</a>
  </li>`;
}

function money(
  { money: { reservedMicros, billedMicros }, inFlight, totals }: Picture,
  bounds: Bounds,
): Markup {
  const spent = reservedMicros + billedMicros;
  const { budgetMicros } = bounds;
  const against =
    budgetMicros === null
      ? html`<p class="quiet">No budget is set here (<code>BUDGET_USD_PER_DAY</code>).</p>`
      : html`<p class="bar">
          <progress max="${Math.max(budgetMicros, 1)}" value="${Math.min(spent, budgetMicros)}">
            ${moneyText(spent)}
          </progress>
          of ${moneyText(budgetMicros)}
        </p>`;
  return html`<p class="figure"><b>${moneyText(spent)}</b> today (UTC)</p>
${against}
<dl>
<dt>Billed</dt><dd>${moneyText(billedMicros)}</dd>
<dt>Reserved</dt><dd>${moneyText(reservedMicros)}</dd>
<dt>In flight, ${inFlight.count.toLocaleString("en-US")} tasks</dt><dd>${inFlight.isEstimate ? "≈ " : ""}${moneyText(inFlight.micros)}</dd>
<dt>Unconfirmed</dt><dd${totals.unconfirmedMicros > 0 ? html` class="problem"` : null}>${moneyText(totals.unconfirmedMicros)}</dd>
</dl>`;
}

function pace({ pace: modes }: Picture): Markup {
  if (modes.length === 0) return html`<p class="quiet">No task has ended yet.</p>`;
  return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th rowspan="2">Mode</th>
            <th colspan="3">Generation</th>
            <th colspan="3">Poll lag</th>
          </tr>
          <tr>
            <th class="number">p50</th>
            <th class="number">p90</th>
            <th class="number">p99</th>
            <th class="number">p50</th>
            <th class="number">p90</th>
            <th class="number">p99</th>
          </tr>
        </thead>
        <tbody>
          ${modes.map(
            ({ mode, generation, lag }) =>
              html`<tr>
                <td>${mode} <small>${generation.count}</small></td>
                ${percentiles(generation)}${percentiles(lag)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="quiet">Of the 100 videos that ended last. Lag: how late the look came that saw the end.</p>`;
}

function percentiles(of: Percentiles | null): Markup[] {
  return [of?.p50, of?.p90, of?.p99].map(
    (ms) => html`<td class="number">${ms === undefined ? "–" : spanText(ms)}</td>`,
  );
}

function archive(
  { totals: { oldestResultAgeMs: ageMs } }: Picture,
  { resultLifeMs, resultPlanMs }: Bounds,
): Markup {
  if (ageMs === null)
    return html`<p class="figure"><b>–</b></p>
      <p class="quiet">No result waits for the archive.</p>`;
  const isLate = ageMs > resultPlanMs;
  return html`<p class="figure${isLate ? " problem" : ""}"><b>${spanText(resultLifeMs - ageMs)}</b> left</p>
    <p class="quiet">
      The most urgent <a href="/videos?phase=archiving">result</a> waits since ${spanText(ageMs)}. Results are
      gone after ${spanText(resultLifeMs)}.
    </p>`;
}

function failures({ failures: groups, nowMs }: Picture): Markup {
  if (groups.length === 0) return html`<p class="quiet">No video has failed.</p>`;
  return html`<div class="scroll">
      <table>
        <thead>
          <tr>
            <th>Class</th>
            <th class="number">Videos</th>
            <th>Codes</th>
            <th>Newest</th>
          </tr>
        </thead>
        <tbody>
          ${groups.map(
            ({ class: name, count, codes, newest }) =>
              html`<tr>
                <td>${name.replaceAll("_", " ")}</td>
                <td class="number">${count}</td>
                <td class="clip">
                  ${codes.slice(0, 3).map((code) => html`<code>${code}</code> `)}${codes.length > 3 ? `and ${codes.length - 3} more` : null}
                </td>
                <td>
                  <a href="/videos/${encodeURIComponent(newest.id)}"
                    >${spanText(nowMs - newest.endedMs)} ago</a
                  >
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="quiet">Of the newest 100 orders that failed.</p>`;
}

function workers({ workers: all }: Picture): Markup {
  return html`<ul class="roles">
    ${rolesOf(all).map(({ role, alive, missing }) => {
      const lost = missing.map(
        ({ place, silentMs }) =>
          html`<small class="problem">${place} silent for ${spanText(silentMs)}</small>`,
      );
      return html`<li${alive.length === 0 ? html` class="problem"` : null}><span>${role}</span><b>${alive.length}</b>
<small>${alive.map(({ place }) => place).join(", ") || "nobody"}</small>${lost}</li>`;
    })}
  </ul>`;
}

function words({ limits, standing }: AccountPicture, { nowMs }: Picture): Markup {
  const { inFlight, limit, limitIs, lastMinute, ratePerMinute, rateIs } = limits;
  return html`<ul class="facts">
    <li><b>${inFlight}</b> in flight, ${bound(limit, limitIs)}</li>
    <li>
      <b>${lastMinute}</b> requests in the last minute,
      ${bound(ratePerMinute === null ? null : Math.round(ratePerMinute * 10) / 10, rateIs)}
    </li>
    ${doing(limits, standing.closed, nowMs).map((line) => html`<li>${line}</li>`)}
    ${standing.balanceMicros === null ? null : html`<li>Balance <b>${moneyText(standing.balanceMicros)}</b></li>`}
  </ul>`;
}

function bound(limit: number | null, certainty: LimitsDescription["limitIs"]): Content {
  if (limit === null) return "no limit known";
  return html`limit <b>${limit}</b> (${certainty})`;
}

/** What the controller does at this moment, in words. */
function doing(limits: LimitsDescription, closed: string | null, nowMs: number): Content[] {
  const lines: Content[] = [];
  if (closed !== null) lines.push(html`<span class="problem">Closed: ${closed.replaceAll("_", " ")}</span>`);
  if (limits.restUntilMs !== null)
    lines.push(html`Rests for ${spanText(limits.restUntilMs - nowMs)} after a 429`);
  switch (limits.probing) {
    case "places":
      lines.push("Probes one task more than the limit");
      break;
    case "rate":
      lines.push("Probes one request more than the rate");
      break;
    case "doubt":
      lines.push("Tests which of the two limits refused");
      break;
    case "beyond":
      lines.push("Tries more in flight than was ever accepted");
      break;
    case null:
      if (limits.limit === null && limits.ratePerMinute === null) lines.push("No 429 has shown a limit yet");
      else if (limits.limitIs !== "fixed" || limits.rateIs !== "fixed")
        lines.push(
          limits.acceptancesToProbe > 0
            ? html`Holds; a probe after ${limits.acceptancesToProbe} more acceptances at the limit`
            : "Holds; a probe is due when the limit blocks",
        );
  }
  if (limits.lookStretch > 1)
    lines.push(html`Looks are stretched ${limits.lookStretch.toFixed(1)}-fold after a 429 on status`);
  return lines;
}
