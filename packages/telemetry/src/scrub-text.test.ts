import { expect, test } from "vitest";
import { scrubText, spellings } from "./scrub-text.ts";

test.each([
  [
    "GET https://files.example.org/a/b.mp4?X-Amz-Signature=abc&x=1 took 3 s",
    "GET https://files.example.org/a/b.mp4?[scrubbed] took 3 s",
  ],
  ["see https://example.org/a#token=abc", "see https://example.org/a#[scrubbed]"],
  ["redis://user:pa:ss@127.0.0.1:6379/0 is away", "redis://[secret]@127.0.0.1:6379/0 is away"],
  ["rediss://:pw@host", "rediss://[secret]@host"],
  ["https://example.org/@user/film", "https://example.org/@user/film"],
  ["POST /callbacks/apixo/vid_1.2.deadbeef?x=1", "POST /callbacks/apixo/[secret]?x=1"],
  ["Bearer abc.def", "Bearer [secret]"],
  ["sent bearer  abc to it", "sent bearer  [secret] to it"],
  ["Authorization: Bearer abc", "Authorization: [secret]"],
  ["AUTHORIZATION=Digest user, nonce", "AUTHORIZATION=[secret]"],
  ["Proxy-Authorization: Basic dXNlcjpwYXNz", "Proxy-Authorization: [secret]"],
  ["Basic dXNlcjpwYXNz", "Basic [secret]"],
  ["a Basic account", "a Basic account"],
  ["Set-Cookie: a=b; c=d\nHost: x", "Set-Cookie: [secret]\nHost: x"],
  ["x-api-key: abc, and more", "x-api-key: [secret], and more"],
  ['{"client_secret": "abc def", "n": 1}', '{"client_secret": "[secret]", "n": 1}'],
  ['{\\"apiKey\\":\\"abc\\",\\"n\\":1}', '{\\"apiKey\\":\\"[secret]\\",\\"n\\":1}'],
  ["?access_token=abc&page=2", "?access_token=[secret]&page=2"],
  ['password="unclosed and more', 'password="[secret]"'],
  ["signed with whsec_MfKQ9r8G==", "signed with [secret]"],
  ["id AKIAIOSFODNN7EXAMPLE", "id [secret]"],
])("%j is printed as %j", (text, printed) => {
  expect(scrubText(text, [])).toBe(printed);
});

test.each([
  "vid_01ABC advanced to generating: task t-1, attempt 2",
  "Unexpected token < in JSON at position 0",
  "connect ECONNREFUSED 127.0.0.1:6379",
  "no secrets here, no cookies either",
  "tokens are counted",
])("an ordinary text stays as it is: %s", (text) => {
  expect(scrubText(text, [])).toBe(text);
});

test("scrubbing twice changes nothing more", () => {
  const once = scrubText("Authorization: Bearer a, token=b, https://u:p@h/x?q=1", []);
  expect(scrubText(once, [])).toBe(once);
});

test("known secrets are masked anywhere, also URL-encoded, the longer one first", () => {
  const known = spellings(["sk/abc+def", "sk/abc+def-and-more"]);
  expect(scrubText("xsk/abc+def-and-morex sk%2Fabc%2Bdef token=sk/abc+def", known)).toBe(
    "x[secret]x [secret] token=[secret]",
  );
});

test("words too short to be a secret are not looked for, and broken text does no harm", () => {
  expect(spellings(["", "dev", "\ud800\ud800\ud800\ud800\ud800\ud800"])).not.toContain("dev");
  expect(scrubText("devices", spellings(["dev"]))).toBe("devices");
});
