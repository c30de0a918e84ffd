import { z } from "zod";

/**
 * A setting made from the text of one variable. With a default an unset variable means that default; without one
 * it is a problem, unless the caller adds `.optional()`.
 *
 * @param fix What the text must be, as the end of a sentence that begins with the variable: `must be …`.
 * @param parse Answers undefined for a text that cannot be used.
 */
export function setting<Value>(
  fix: string,
  parse: (text: string) => Value | undefined,
  whenUnset?: Value,
): z.ZodType<Value> {
  const schema: z.ZodType<Value> = z.string({ error: fix }).transform((text, context) => {
    const value = parse(text);
    if (value === undefined) {
      // Input is left out on purpose: a value must not travel with the problem.
      context.issues.push({ code: "custom", message: fix, input: undefined });
      return z.NEVER;
    }
    return value;
  });
  if (whenUnset === undefined) return schema;
  // The line above says it, but the compiler does not follow it through a type parameter.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return schema.default(whenUnset as z.core.util.NoUndefined<Value>);
}
