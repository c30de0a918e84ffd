import { z } from "zod";

const urlEntry = z.union([z.string(), z.looseObject({ url: z.string() }).transform(({ url }) => url)]);
const resultSchema = z.looseObject({ resultUrls: z.union([z.array(z.unknown()), z.string()]) });

/** `resultJson` was seen as a JSON string; one more layer of encoding is known from services of the same shape. */
const MAX_ENCODINGS = 3;

/**
 * The http(s) URLs inside `resultJson`, in order, each once. It may be an object, a JSON string or a doubly
 * encoded one, with plain strings or `{url}` objects. Empty when nothing usable is there: the task did succeed,
 * so it must be read again, and that is for the caller to decide.
 */
export function parseResultUrls(resultJson: unknown): readonly string[] {
  const result = resultSchema.safeParse(decoded(resultJson, MAX_ENCODINGS));
  if (!result.success) return [];
  const entries =
    typeof result.data.resultUrls === "string" ? [result.data.resultUrls] : result.data.resultUrls;
  const urls = entries.flatMap((entry) => {
    const read = urlEntry.safeParse(entry);
    return read.success && isHttpUrl(read.data) ? [read.data.trim()] : [];
  });
  return [...new Set(urls)];
}

function decoded(value: unknown, layers: number): unknown {
  if (typeof value !== "string" || layers === 0) return value;
  try {
    return decoded(JSON.parse(value), layers - 1);
  } catch {
    return undefined;
  }
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(text.trim());
  return url?.protocol === "https:" || url?.protocol === "http:";
}
