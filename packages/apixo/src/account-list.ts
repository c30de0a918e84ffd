import { z } from "zod";

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);
const count = z.int().positive();
const accountList = z
  .array(
    z.strictObject({
      name,
      key: z.string().min(1),
      concurrency: count.optional(),
      rate: count.optional(),
      rate_window_ms: z.number().positive().optional(),
    }),
  )
  .nonempty()
  .refine((list) => new Set(list.map((one) => one.name)).size === list.length);

/** One of several keys at the provider. Limits that are not given are learned. */
export type ListedAccount = z.output<typeof accountList>[number];

/** How `APIXO_ACCOUNTS` must look. */
export const ACCOUNTS_FIX =
  'must be JSON like [{"name": "main", "key": "…", "concurrency": 20, "rate": 60, "rate_window_ms": 60000}], names of a-z, 0-9, - and _, each once; all but name and key may be left out';

/** Undefined when the text is no such list. */
export function parseAccounts(text: string): readonly ListedAccount[] | undefined {
  try {
    return accountList.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
