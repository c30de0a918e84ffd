import { z } from "zod";
import { setting } from "./setting.ts";

/**
 * Several values in one variable, separated by commas; white space around each is dropped. Each entry is parsed by
 * `entry`: another setting maker, or `z.enum([…])`. Problems name the entry by its place.
 */
export function commaList<Value>(
  entry: z.ZodType<Value>,
  defaultList?: readonly Value[],
): z.ZodType<Value[]> {
  const texts = setting("must be a comma-separated list without empty entries", (text) => {
    const entries = text.split(",").map((part) => part.trim());
    return entries.includes("") ? undefined : entries;
  });
  // `entry` is declared with an unknown input, which takes in a string.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const list = texts.pipe(z.array(entry as z.ZodType<Value, string>));
  return defaultList === undefined ? list : list.default(() => [...defaultList]);
}
