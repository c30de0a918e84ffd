import { flag, plainText, secretText } from "./settings.ts";
import { httpUrl } from "./web-address.ts";

/** The AWS SDK's own variables by which every process reaches the bucket, and the one it lacks. */
export const bucketAccess = {
  AWS_REGION: plainText("the bucket's region", "us-east-1"),
  AWS_ACCESS_KEY_ID: plainText("an access key id").optional(),
  AWS_SECRET_ACCESS_KEY: secretText("a secret access key").optional(),
  AWS_SESSION_TOKEN: secretText("a session token").optional(),
  AWS_ENDPOINT_URL_S3: httpUrl().optional(),
  S3_FORCE_PATH_STYLE: flag(false),
};

/** For `refine`: half a pair of keys would be passed over in silence for another the SDK finds. */
export const PAIRED_KEYS = {
  isPaired: (all: Readonly<Record<string, unknown>>): boolean =>
    (all["AWS_ACCESS_KEY_ID"] === undefined) === (all["AWS_SECRET_ACCESS_KEY"] === undefined),
  rule: { path: ["AWS_ACCESS_KEY_ID"], error: "and AWS_SECRET_ACCESS_KEY must be set together" },
};
