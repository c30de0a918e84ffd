import type { Fault, Given } from "./fault.ts";
import { FAULTS } from "./fault-table.ts";

/** A fault with its arguments, as a marker or a setting names it: `name[:argument][:times]`. */
export type ChosenFault = {
  fault: Fault;
  given: Given;
  /** It strikes only the first so many times; null: always. */
  times: number | null;
  /** As written, without brackets. */
  specification: string;
};

const byName = new Map(FAULTS.map((fault) => [fault.name, fault]));
const groups = new Set(FAULTS.map(({ name }) => name.split(":", 1)[0]));
const MARKER = /\[\[([a-z-]+)((?::[^[\]:]*)*)\]\]/g;
const parsed = new Map<string, ChosenFault | string>();

/** Reads `name[:argument][:times]`. A text says what is wrong with it. */
export function parseFault(specification: string): ChosenFault | string {
  const known = parsed.get(specification);
  if (known !== undefined) return known;
  const result = readFault(specification);
  // Prompts are written by strangers: only what exists is remembered, and not without end.
  if (typeof result !== "string" && parsed.size < 10_000) parsed.set(specification, result);
  return result;
}

/** The faults a prompt asks for with `[[…]]` markers. Markers of groups that do not exist are plain text. */
export function parseMarkers(prompt: string): ChosenFault[] | string {
  const chosen: ChosenFault[] = [];
  for (const [marker, group = "", rest = ""] of prompt.matchAll(MARKER)) {
    if (!groups.has(group)) continue;
    const fault = parseFault(`${group}${rest}`);
    if (typeof fault === "string") return `${marker}: ${fault}`;
    chosen.push(fault);
  }
  return chosen;
}

function readFault(specification: string): ChosenFault | string {
  const [group = "", ...rest] = specification.split(":");
  const named = byName.get(`${group}:${rest[0]}`);
  const fault = named ?? byName.get(group);
  if (fault === undefined) return `there is no fault named ${[group, ...rest.slice(0, 1)].join(":")}`;
  const words = named === undefined ? rest : rest.slice(1);

  const written = fault.argument === undefined ? undefined : words.shift();
  const argument = written ?? fault.argument?.default ?? "";
  const given = { number: countOf(String(argument)), text: String(argument) };
  if (written === "" || (typeof fault.argument?.default === "number" && Number.isNaN(given.number))) {
    const kind = typeof fault.argument?.default === "number" ? "a whole number" : "a text";
    return `${fault.name} takes ${kind} as ${fault.argument?.name}`;
  }

  const last = words.shift();
  const times = last === undefined ? null : countOf(last);
  if (Number.isNaN(times)) return `${fault.name} takes a whole number as its times`;
  if (words.length > 0) return `${fault.name} takes fewer arguments`;
  return { fault, given, times, specification };
}

/** A whole number in decimal digits; anything else is NaN. */
function countOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : Number.NaN;
}
