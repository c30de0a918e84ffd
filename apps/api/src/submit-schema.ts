import { z } from "zod";
import type { SubmitPause } from "@rushes/ledger";

export const submitSchema = z.strictObject({
  object: z.literal("submit"),
  paused: z.boolean().describe("Nothing new is handed to the provider, at any account"),
  paused_by: z.string().nullable().describe("The name of the API key"),
  paused_at: z.int().nullable().describe("Unix time in seconds"),
});

/** Whether new paid work may begin, as people are shown it. */
export function presentSubmit(pause: SubmitPause | null): z.output<typeof submitSchema> {
  return {
    object: "submit",
    paused: pause !== null,
    paused_by: pause?.by ?? null,
    paused_at: pause === null ? null : Math.floor(pause.sinceMs / 1000),
  };
}
