import { z } from "zod";
import { parseFault } from "./faults/fault-spec.ts";

const positiveMs = z.number().positive();
const rangeMs = z
  .tuple([z.number().nonnegative(), z.number().nonnegative()])
  .refine(([least, most]) => least <= most, { error: "the first number must not exceed the second" });
const limit = z.int().positive().nullable();

const probabilities = z.record(z.string(), z.number().min(0).max(1)).superRefine((faults, context) => {
  for (const specification of Object.keys(faults)) {
    const parsed = parseFault(specification);
    if (typeof parsed === "string")
      context.addIssue({ code: "custom", path: [specification], message: parsed });
  }
});

/**
 * Everything that can be turned on the sandbox, for all keys or for one. Every duration is in the provider's time:
 * the speed factor divides it. Where null is allowed it means "none". The descriptions appear on the page; README
 * holds the same table with the defaults.
 */
export const settingsSchema = z.strictObject({
  ratePerWindow: limit.describe("Submits accepted per sliding window; one more is answered 429."),
  rateWindowMs: positiveMs.describe("Length of that window."),
  rateCounts: z
    .enum(["accepted", "all"])
    .describe("What fills the window: accepted submits, or every submit with a valid key. Undocumented."),
  statusRatePerWindow: limit.describe("Status requests per window; one more is answered 429."),
  statusSharesRate: z
    .boolean()
    .describe("Whether status requests fill the submits' window and are refused by it. Undocumented."),
  concurrency: limit.describe("Tasks of one key that may be unfinished at once; one more is answered 429."),
  retryAfterS: z
    .int()
    .nonnegative()
    .nullable()
    .describe("Seconds in a Retry-After header on each 429. None is documented."),

  balanceUsd: z.number().nonnegative().describe("Dollars on the key before its first charge."),
  chargeAt: z.enum(["acceptance", "success"]).describe("When a task is charged. Undocumented."),
  refundFailed: z.boolean().describe("Whether the charge of a failed task is given back. Undocumented."),

  pendingMs: rangeMs.describe("How long a task stays pending, at most until it ends."),
  fiveSecondMs: rangeMs.describe("How long a 5-second video takes: 60–90 s by the provider's page."),
  tenSecondMs: rangeMs.describe("How long a 10-second video takes: 90–120 s by the provider's page."),
  failureMs: rangeMs.describe("How long a task takes that will fail; the provider's example shows 9 s."),
  clockSkewMs: z
    .number()
    .describe(
      "How far the provider's clock is ahead, or, negative, behind, in the times it reports. Not scaled.",
    ),

  taskLifeMs: positiveMs
    .nullable()
    .describe("How long after its end a task is known to statusTask; then it is 404. Undocumented."),
  resultLifeMs: positiveMs.describe(
    "How long a result URL works: 15 days by the page, 24 hours by an older one.",
  ),
  freshUrls: z
    .boolean()
    .describe("Whether reading the status after that gives a URL that works again. Undocumented."),
  expiredStatus: z.literal([403, 404, 410]).describe("What the file host says to an expired URL."),

  callbackTimeoutMs: positiveMs.describe("How long a receiver may take to answer a callback."),
  callbackRetryMs: z
    .array(z.number().nonnegative())
    .describe("The pauses before the second, third and fourth delivery."),

  aspectRatioOnImages: z
    .enum(["ignore", "refuse"])
    .describe("Whether aspect_ratio on an image mode is passed over, as documented, or answered 400."),
  unknownFields: z
    .enum(["ignore", "refuse"])
    .describe("Whether fields nobody documented are passed over or answered 400. Undocumented."),
  checkImages: z
    .boolean()
    .describe(
      "Whether a task with a private or localhost image URL fails with ImageNotAccess, as documented.",
    ),
  requireUserAgent: z.boolean().describe("Whether requests without a User-Agent meet a gateway's 403 page."),

  faults: probabilities.describe("Fault specification → probability from 0 to 1."),
});
export type Settings = z.output<typeof settingsSchema>;

/** In a patch, faults are added to those in force, 0 takes one off the list; null takes all off. */
const patchFields = settingsSchema.partial().extend({ faults: probabilities.nullable().optional() });

export const settingsPatchSchema = patchFields.extend({
  /** Above 1 everything is that much faster. Timers already running keep their pace. */
  speed: z.number().positive().optional(),
  /** Overrides for single keys, by key or label; null removes the overrides of a key. */
  perKey: z.record(z.string().min(1), patchFields.nullable()).optional(),
});
export type SettingsPatch = z.input<typeof settingsPatchSchema>;

export const DEFAULT_SETTINGS: Settings = {
  ratePerWindow: null,
  rateWindowMs: 10_000,
  rateCounts: "accepted",
  statusRatePerWindow: null,
  statusSharesRate: false,
  concurrency: null,
  retryAfterS: null,
  balanceUsd: 100_000,
  chargeAt: "acceptance",
  refundFailed: true,
  pendingMs: [500, 3_000],
  fiveSecondMs: [60_000, 90_000],
  tenSecondMs: [90_000, 120_000],
  failureMs: [5_000, 15_000],
  clockSkewMs: 0,
  taskLifeMs: null,
  resultLifeMs: 15 * 24 * 3_600_000,
  freshUrls: true,
  expiredStatus: 403,
  callbackTimeoutMs: 30_000,
  callbackRetryMs: [30_000, 120_000, 600_000],
  aspectRatioOnImages: "ignore",
  unknownFields: "ignore",
  checkImages: true,
  requireUserAgent: false,
  faults: {},
};
