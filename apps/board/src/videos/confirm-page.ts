import { chargesOf, type Reading } from "@rushes/pipeline";
import { html, type Content, type Markup } from "../pages/html.ts";
import { moneyText } from "../pages/money-text.ts";
import { spanText } from "../pages/span-text.ts";
import { chargesAfterRelease, type Verb } from "./offered-verbs.ts";

type Question = {
  title: string;
  /** What will be, and what it costs. */
  text: Content;
  button: string;
  isDanger: boolean;
  /** What the person saw when they decided, sent along. */
  fields: Readonly<Record<string, string>>;
};

/** @param orderKey makes a second press of "order again" the same order */
export function confirmBody(verb: Verb, reading: Reading, orderKey: string): Markup {
  const { record, order } = reading;
  const path = `/videos/${encodeURIComponent(record.id)}`;
  const { title, text, button, isDanger, fields } = questionOf(verb, reading, orderKey);
  return html`<section class="card narrow">
    <h1>${title}</h1>
    <p>
      <a href="${path}"><code>${record.id}</code></a> · ${order.input.mode} · ${order.input.duration} s ·
      ${record.owner}
    </p>
    <p>${text}</p>
    <form class="verbs" method="post" action="${path}/${verb}">
      ${Object.entries(fields).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`)}
      <button class="${isDanger ? "danger" : "main"}">${button}</button>
      <a class="button" href="${path}">Back</a>
    </form>
  </section>`;
}

function questionOf(verb: Verb, { record, nowMs }: Reading, orderKey: string): Question {
  const price = moneyText(record.priceMicros);
  switch (verb) {
    case "release":
      return {
        title: `Submit again for ${price}?`,
        text: html`The answer was lost ${spanText(nowMs - (record.unconfirmedSinceMs ?? nowMs))} ago. If the
          provider did accept it, this is a <b>second charge of ${price}</b> for the same order: look there
          first for a task of that time, and adopt it. ${chargesOf(record)} of ${record.maxCharges} allowed
          charges are used; ${chargesAfterRelease(record)} will be allowed.`,
        button: `Submit again for ${price}`,
        isDanger: true,
        fields: {
          attempts: String(record.attempts.length),
          max_charges: String(chargesAfterRelease(record)),
        },
      };
    case "write-off":
      return {
        title: "Write off?",
        text: html`The video ends as failed, and ${moneyText(record.unconfirmedMicros)} that may have been
        charged count as spent. A callback that comes later still brings it back.`,
        button: "Write off",
        isDanger: true,
        fields: {},
      };
    case "cancel":
      return {
        title: "Cancel?",
        text: "Nothing was charged yet, and nothing will be. The caller is told that it was cancelled.",
        button: "Cancel the video",
        isDanger: true,
        fields: {},
      };
    case "order-again":
      return {
        title: `Order again for ${price}?`,
        text: html`A <b>new video</b> with the same input is ordered for <b>${record.owner}</b> and costs
          <b>${price}</b>, once, whatever became of this one.`,
        button: `Order again for ${price}`,
        isDanger: false,
        fields: { key: orderKey },
      };
    case "poll":
    case "rearchive":
    case "adopt":
      throw new Error(`${verb} is not asked about`);
  }
}
