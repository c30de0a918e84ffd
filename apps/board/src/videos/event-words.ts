import type { LedgerEvent } from "@rushes/ledger";
import { html, type Content } from "../pages/html.ts";

type Words = (details: Record<string, string>) => Content;

const attempt = (details: Record<string, string>): Content =>
  details["attempt"] ? `Attempt ${details["attempt"]}` : "An attempt";
const task = (details: Record<string, string>): Content =>
  details["task"] ? html`task <code>${details["task"]}</code>` : "a task";
const by = (details: Record<string, string>): Content => html`<b>${details["by"] ?? "somebody"}</b>`;
const code = (details: Record<string, string>): Content =>
  details["code"] ? html`: <code>${details["code"]}</code>` : null;

/** Each change of a record, as the scripts name it, in words for people. */
const WORDS: Readonly<Record<string, Words>> = {
  admitted: () => "Ordered",
  intent: (of) =>
    html`${attempt(of)} is written down, to be submitted at account <b>${of["account"] ?? "?"}</b>`,
  waits_for_budget: () => "Waits for budget",
  accepted: (of) => html`${attempt(of)} was accepted: ${task(of)}`,
  accepted_after_refusal: (of) =>
    html`${attempt(of)} had been refused and was accepted after all: ${task(of)}`,
  restored: (of) => html`A callback brought back ${task(of)}`,
  swapped: (of) => html`The provider named ${task(of)} as that of another attempt`,
  rebound: (of) => html`${attempt(of)} now has ${task(of)}`,
  extra: (of) => html`A second charge: ${task(of)} runs beside the one that is followed`,
  stray: (of) => html`A charge without an attempt: ${task(of)}`,
  refused: (of) => html`${attempt(of)} was refused`,
  refused_for_now: (of) => html`${attempt(of)} was refused for now`,
  not_sent: (of) => html`${attempt(of)} was not sent`,
  unknown: (of) => html`The answer to attempt ${of["attempt"] ?? "?"} was lost`,
  unconfirmed: (of) => html`The answer to attempt ${of["attempt"] ?? "?"} was lost`,
  deadline_passed: (of) => html`Nobody will answer for attempt ${of["attempt"] ?? "?"} any more`,
  late: () => "The task is late: looked at in growing gaps",
  task_succeeded: () => "The task has succeeded",
  task_failed: (of) => html`The task has failed${code(of)}`,
  task_lost: (of) => html`The task is given up${code(of)}`,
  archive_again: (of) => html`The file could not be copied yet${code(of)}`,
  archived: () => "Every file is in the bucket",
  result_gone: () => "The result is gone",
  rearchive_requested: (of) => html`${by(of)} wants the files archived again`,
  rearchived: () => "The files were archived again",
  rearchive_refused: (of) => html`The files were not archived again: ${of["why"] ?? ""}`,
  adoption_requested: (of) => html`${by(of)} says that ${task(of)} is this video's`,
  adopted: (of) => html`${task(of)} was adopted, as ${by(of)} said`,
  adoption_refused: (of) => html`${task(of)} was not adopted: ${of["why"] ?? ""}`,
  released: (of) =>
    html`${by(of)} lets it be charged again, at most ${of["max_charges"] ?? "?"} times in all`,
  written_off: (of) => html`${by(of)} has written it off`,
  cancelled: () => "Cancelled",
  failed: () => "Failed",
  delivery_replayed: (of) => html`${by(of)} has a webhook sent again`,
};

export function eventWords({ what, details }: LedgerEvent): Content {
  return WORDS[what]?.(details) ?? what.replaceAll("_", " ");
}
