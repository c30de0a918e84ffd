import { expect, test } from "vitest";
import { parseWebhookSecrets } from "./webhook-secrets.ts";

const secret = (bytes: number): string => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
const sizes = (text: string): number[] | undefined => parseWebhookSecrets(text)?.map((key) => key.length);

test("one secret or several, by commas, blanks or both", () => {
  expect(sizes(secret(24))).toEqual([24]);
  expect(sizes(`${secret(24)},${secret(32)}`)).toEqual([24, 32]);
  expect(sizes(` ${secret(24)}  ${secret(32)}, ${secret(64)} `)).toEqual([24, 32, 64]);
});

test.each([
  ["nothing", ""],
  ["only separators", " , "],
  ["no prefix", secret(32).slice("whsec_".length)],
  ["another prefix", secret(32).replace("whsec_", "whsk_")],
  ["no bytes", "whsec_"],
  ["too few bytes", secret(23)],
  ["too many bytes", secret(65)],
  ["no base64", `whsec_${"!".repeat(32)}`],
  ["base64 of URLs", `${secret(30).slice(0, -2)}-_`],
  ["cut", secret(32).slice(0, -1)],
  ["a bad one among good ones", `${secret(32)},whsec_x,${secret(24)}`],
])("%s is refused", (_, text) => {
  expect(parseWebhookSecrets(text)).toBeUndefined();
});
