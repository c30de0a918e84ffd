import { z } from "zod";
import { looseError, looseText } from "./loose-fields.ts";

/**
 * The provider wraps every answer as `{code, message, data}`. What is known to vary is met here and nowhere
 * else: `code` as a string, `msg` for `message`, no `data`, `data.error`, a fail code instead of a number.
 */
export type Envelope = {
  /** The number in `code`; `undefined` when `code` holds a word, which then stands in `failCodes`. */
  code: number | undefined;
  /** Everything the provider said for people, joined. Empty when it said nothing. */
  message: string;
  data: unknown;
  /** `data.taskId`, opaque and unchanged; `undefined` when missing or blank. */
  taskId: string | undefined;
  /** What may be a fail code, most explicit first. Free text of `data.error` stands here too. */
  failCodes: readonly string[];
};

const envelopeSchema = z.looseObject({
  code: z.union([z.number(), z.string().min(1)]),
  message: looseText,
  msg: looseText,
  data: z.unknown().optional(),
  error: looseError,
  failCode: looseText,
  failMsg: looseText,
});

/** A bare `{"code": 500}` may be anybody's; the provider's own always carries one of these too. */
const COMPANY_OF_CODE = ["message", "msg", "data", "error", "failCode"];

const dataSchema = z.looseObject({
  taskId: looseText,
  failCode: looseText,
  failMsg: looseText,
  error: looseError,
});

/**
 * Reads an answer's body as the provider's envelope. `undefined` means that it is not one: HTML, empty, cut
 * short, or JSON of another shape (the pages of gateways).
 */
export function parseEnvelope(body: string): Envelope | undefined {
  const json = parseJson(body);
  const read = envelopeSchema.safeParse(json);
  if (!read.success || !COMPANY_OF_CODE.some((key) => Object.hasOwn(json as object, key))) return undefined;
  const { code, message, msg, data, error, failCode, failMsg } = read.data;
  const number = numberOf(code);
  const inner = dataSchema.safeParse(data).data;
  return {
    code: number,
    message: joined([message, msg, inner?.failMsg, failMsg, inner?.error.message, error.message]),
    data,
    taskId: filled(inner?.taskId) ? inner.taskId : undefined,
    failCodes: [
      inner?.failCode,
      failCode,
      number === undefined ? String(code) : undefined,
      inner?.error.code,
      error.code,
    ].filter(filled),
  };
}

/**
 * `JSON.parse` without an exception. A task id that is a number beyond 2^53 keeps its digits: rounded, it would
 * name another task, and the paid one could never be found again.
 */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""), (key, value: unknown, context?: { source?: string }) =>
      key === "taskId" && typeof value === "number" && !Number.isSafeInteger(value)
        ? (context?.source ?? value)
        : value,
    );
  } catch {
    return undefined;
  }
}

function numberOf(code: number | string): number | undefined {
  if (typeof code === "number") return code;
  return /^\s*\d{1,9}\s*$/.test(code) ? Number(code) : undefined;
}

function filled(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== "";
}

function joined(texts: readonly (string | undefined)[]): string {
  return [...new Set(texts.filter(filled).map((text) => text.trim()))].join("; ");
}
