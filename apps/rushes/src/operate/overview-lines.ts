import { PHASES, type Phase } from "@rushes/pipeline";
import { spanText } from "../span-text.ts";
import type { ApiLimits } from "./api-limits.ts";
import type { ApiOverview, ApiSubmit } from "./api-overview.ts";
import { limitsLines } from "./limits-lines.ts";
import { dollarText, minuteOf, printable } from "./video-lines.ts";

/** How all stands, as a table to look at. */
export function overviewLines(overview: ApiOverview): string[] {
  const { at, submit, phases } = overview;
  return [
    ...(submit.paused ? [...pauseLines(submit), ""] : []),
    `${"phase".padEnd(12)}${"videos".padStart(9)}  oldest`,
    ...PHASES.map((phase) => {
      const { videos, oldest_at: oldestAt } = phases[phase];
      const age = oldestAt === null ? "" : spanText(at - oldestAt);
      return `${phase.padEnd(12)}${String(videos).padStart(9)}  ${age.padEnd(12)}${noteOn(phase, overview)}`.trimEnd();
    }),
    "",
    ...limitsLines(overview.accounts).map(printable),
    "",
    `money       ${moneyText(overview)}`,
    `archive     ${archiveText(overview)}`,
    `webhooks    ${overview.webhooks_pending} pending`,
  ];
}

/** The same in one line, for a log. It begins with the time. */
export function overviewLine(overview: ApiOverview): string {
  return `${new Date(overview.at * 1000).toISOString().slice(0, 19)}Z  ${sum(overview)}`;
}

/**
 * What a line of a log is about: while it stays the same, nothing has happened but time. The age of the oldest video
 * is left out for that reason.
 */
export function sum({ phases, accounts, money, archive, late, submit }: ApiOverview): string {
  const counts = PHASES.filter((phase) => phases[phase].videos > 0);
  const told = counts.map((phase) => `${phases[phase].videos} ${phase}`);
  const goneAt = archive.gone_at;
  return [
    told.length === 0 ? "no videos" : told.join(", "),
    ...(late > 0 ? [`${late} late`] : []),
    ...accounts.map((account) => printable(inFlightText(account))),
    `${dollarText(money.today_usd)}${money.budget_usd === null ? "" : ` of ${dollarText(money.budget_usd)}`} today`,
    ...(money.unconfirmed_usd > 0 ? [`${dollarText(money.unconfirmed_usd)} unconfirmed`] : []),
    ...(goneAt === null ? [] : [`a result to archive before ${minuteOf(goneAt)}`]),
    ...(submit.paused ? ["submit is paused"] : []),
  ].join("; ");
}

/** Whether new paid work may begin, in whole sentences. */
export function submitLines(submit: ApiSubmit): string[] {
  return submit.paused ? pauseLines(submit) : ["Submit goes on."];
}

function pauseLines({ paused_by: by, paused_at: at }: ApiSubmit): string[] {
  const since = at === null ? "" : ` since ${minuteOf(at)} UTC`;
  return [
    printable(`Submit is paused by ${by ?? "somebody"}${since}.`),
    "Nothing new is paid for until: rushes resume submit",
  ];
}

function noteOn(phase: Phase, { late, submit }: ApiOverview): string {
  if (phase === "generating" && late > 0) return `${late} late`;
  return phase === "queued" && submit.paused ? "submit is paused" : "";
}

function moneyText({ money }: ApiOverview): string {
  const against = money.budget_usd === null ? "" : ` of ${dollarText(money.budget_usd)}`;
  const parts = `${dollarText(money.billed_usd)} billed, ${dollarText(money.reserved_usd)} reserved`;
  return `${dollarText(money.today_usd)}${against} today (UTC): ${parts}; ${dollarText(money.unconfirmed_usd)} unconfirmed`;
}

function archiveText({ at, archive: { oldest_result_at: since, gone_at: goneAt } }: ApiOverview): string {
  if (since === null || goneAt === null) return "nothing waits";
  return `${spanText(goneAt - at)} left for the most urgent result, which waits since ${spanText(at - since)}`;
}

function inFlightText({ account, in_flight, concurrency, closed }: ApiLimits): string {
  const limit = concurrency === null ? "" : `/${Number(concurrency.toFixed(1))}`;
  return `${account} ${in_flight}${limit} in flight${closed === null ? "" : ", closed"}`;
}
