import { ACCOUNTS_FIX, parseAccounts } from "@rushes/apixo";
import { bucketAccess, flag, httpUrl, plainText, Secret, secretText, setting } from "@rushes/lifecycle";
import { z } from "zod";

/** What `doctor` looks at: the settings of api and worker that lead outside, with the same defaults. */
export const doctorSchema = z.object({
  REDIS_URL: plainText("a redis:// or rediss:// address", "redis://127.0.0.1:6379"),
  REDIS_DURABILITY: z.enum(["everysec", "always"]).default("everysec"),
  REDIS_DURABILITY_CONFIRMED: flag(false),
  ARCHIVE_BUCKET: plainText("the bucket for finished files").optional(),
  ARCHIVE_PREFIX: plainText("a key prefix", ""),
  ...bucketAccess,
  APIXO_API_KEY: secretText("the provider's API key").optional(),
  APIXO_ACCOUNTS: setting(ACCOUNTS_FIX, (text) =>
    parseAccounts(text)?.map((account) => ({ name: account.name, key: new Secret(account.key) })),
  ).optional(),
  APIXO_BASE_URL: httpUrl("https://api.apixo.ai/api/v1"),
});

export type DoctorSettings = z.output<typeof doctorSchema>;
