import { expect, test } from "vitest";
import { isSameOrigin } from "./same-origin.ts";

const HOST = "board.example:8082";

test.each([
  ["the browser says so in both ways", { "sec-fetch-site": "same-origin", origin: `http://${HOST}` }],
  ["an old browser names our origin", { origin: `http://${HOST}` }],
  ["a proxy ended TLS on the way", { origin: `https://${HOST}` }],
  ["no origin was needed", { "sec-fetch-site": "same-origin" }],
])("a request is ours when %s", (_why, headers) => {
  expect(isSameOrigin(headers, HOST)).toBe(true);
});

test.each([
  ["nothing says where it comes from", {}],
  ["it comes from another site", { "sec-fetch-site": "cross-site", origin: "https://evil.example" }],
  ["it comes from a sister site", { "sec-fetch-site": "same-site", origin: "http://x.board.example" }],
  ["it comes from another port", { origin: "http://board.example:9999" }],
  ["its page may not say where it is", { origin: "null" }],
  [
    "its site and its origin do not agree",
    { "sec-fetch-site": "same-origin", origin: "https://evil.example" },
  ],
  ["our name is only a part of another", { origin: `http://${HOST}.evil.example` }],
  ["our name is a user name there", { origin: `http://board.example@evil.example` }],
])("a request is not ours when %s", (_why, headers) => {
  expect(isSameOrigin(headers, HOST)).toBe(false);
});
