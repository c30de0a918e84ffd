import { orderSchema, type Order } from "@rushes/pipeline";
import type { z } from "zod";
import { fieldErrors, fieldName } from "./field-errors.ts";
import type { FieldError } from "./http-problem.ts";
import { isNestedDeeper } from "./json-depth.ts";

/** Levels of objects and lists in one field of an order. Deeper ones would overflow the stack of who checks them. */
const MAX_LEVELS = 32;

/**
 * Checks one order and names everything that is wrong with it, not only the first thing.
 *
 * Two things the schema alone cannot: a field that is nested too deep is named and the rest checked without it;
 * and where `mode` is wrong, so that nobody knows which rules hold, the fields with one rule for all modes are checked.
 */
export function checkOrder(body: unknown): { order: Order } | { errors: readonly FieldError[] } {
  const tooDeep = fieldsTooDeep(body);
  if (tooDeep.length === 0) {
    const parsed = orderSchema.safeParse(body);
    if (parsed.success) return { order: parsed.data };
    return { errors: errorsOf(body, parsed.error.issues) };
  }
  const rest = Object.fromEntries(
    Object.entries(body as object).filter(([field]) => !tooDeep.includes(field)),
  );
  const issues = orderSchema.safeParse(rest).error?.issues ?? [];
  const errors = errorsOf(rest, issues).filter(({ field }) => !tooDeep.includes(field));
  const message = `must not be nested more than ${MAX_LEVELS} levels deep`;
  return { errors: [...tooDeep.map((field) => ({ field: fieldName([field]), message })), ...errors] };
}

function fieldsTooDeep(body: unknown): string[] {
  if (!isObject(body)) return [];
  return Object.keys(body).filter((field) => isNestedDeeper(body[field], MAX_LEVELS));
}

function errorsOf(body: unknown, issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return fieldErrors([...issues, ...issuesWithoutMode(body, issues)], "field").map((error) =>
    // The schema has one text for a wrong mode and for an input that is no object at all.
    error.field === "input" ? { ...error, message: "input must be an object with a mode" } : error,
  );
}

/** Rules that differ between the modes say nothing while the mode is unknown. */
const FIELDS_BY_MODE = new Set<PropertyKey>(["mode", "image_urls", "aspect_ratio"]);

function issuesWithoutMode(body: unknown, issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue[] {
  const isModeWrong = issues.some(
    ({ path }) => path.length === 2 && path[0] === "input" && path[1] === "mode",
  );
  if (!isModeWrong || !isObject(body) || !isObject(body["input"])) return [];
  const input = { ...body["input"], mode: "master-text-to-video" };
  const found = orderSchema.safeParse({ ...body, input }).error?.issues ?? [];
  return found.filter(({ path }) => path[0] === "input" && !FIELDS_BY_MODE.has(path[1] ?? ""));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
