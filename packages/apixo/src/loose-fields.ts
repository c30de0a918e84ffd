import { z } from "zod";

/** Text that may come as a number, as something else, or not at all. Both of the latter read as "". */
export const looseText = z
  .union([z.string(), z.number().transform(String)])
  .catch("")
  .default("");

/** `error`, as text or as `{code, message}`. Plain text may be a fail code, so it stands in both places. */
export const looseError = z
  .union([
    z.string().transform((text) => ({ code: text, message: text })),
    z.looseObject({ code: looseText, message: looseText }),
  ])
  .catch({ code: "", message: "" })
  .default({ code: "", message: "" });
