import type { z } from "zod";
import { Secret } from "./secret.ts";
import { setting } from "./setting.ts";

/** A time span in milliseconds: any positive number, whole or decimal, so that tests can run on scaled time. */
export function durationMs(defaultMs?: number): z.ZodType<number> {
  return setting(
    "must be a positive number of milliseconds, for example 1500 or 0.5",
    (text) => {
      const milliseconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
      return milliseconds > 0 && Number.isFinite(milliseconds) ? milliseconds : undefined;
    },
    defaultMs,
  );
}

/** Exactly `true` or `false`; `yes`, `1` and `TRUE` are refused, for a misread safety switch costs money. */
export function flag(defaultFlag?: boolean): z.ZodType<boolean> {
  return setting(
    "must be exactly true or false",
    (text) => (text === "true" ? true : text === "false" ? false : undefined),
    defaultFlag,
  );
}

/** A whole number from 1 on. */
export function positiveInteger(defaultNumber?: number): z.ZodType<number> {
  return setting(
    "must be a whole number of at least 1",
    (text) => wholeNumber(text, 1, Number.MAX_SAFE_INTEGER),
    defaultNumber,
  );
}

/** Dollars in decimal, as whole micro-dollars: `12.5` is 12500000. */
export function dollarAmount(): z.ZodType<number> {
  return setting("must be dollars with at most six decimals, for example 25 or 12.5", (text) =>
    /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * 1_000_000) : undefined,
  );
}

/** A TCP port. 0 asks the system for a free one. */
export function port(defaultPort?: number): z.ZodType<number> {
  return setting(
    "must be a port number from 0 to 65535 (0 takes any free port)",
    (text) => wholeNumber(text, 0, 65_535),
    defaultPort,
  );
}

function wholeNumber(text: string, least: number, most: number): number | undefined {
  if (!/^\d+$/.test(text)) return undefined;
  const number = Number(text);
  return number >= least && number <= most ? number : undefined;
}

/** A text that may be shown. `what` says in words what belongs there: `the bucket for finished files`. */
export function plainText(what: string, defaultText?: string): z.ZodType<string> {
  return setting(`must be ${what}`, (value) => value, defaultText);
}

/**
 * A text that must not be shown. White space around it is refused: it comes from a stray line break in a file
 * and would travel in a header.
 */
export function secretText(what = "a secret text"): z.ZodType<Secret> {
  return setting(`must be ${what}, without white space around it`, (value) =>
    value === value.trim() ? new Secret(value) : undefined,
  );
}
