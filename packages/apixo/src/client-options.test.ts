import { describe, expect, it } from "vitest";
import { checkedTarget } from "./client-options.ts";

const good = { baseUrl: "https://api.example/v1/", apiKey: "k", submitTimeoutMs: 1, statusTimeoutMs: 1 };

describe("checkedTarget", () => {
  it.each([
    ["https://api.example/v1/", "https://api.example", "/v1"],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080", ""],
  ])("splits %s", (baseUrl, origin, basePath) => {
    expect(checkedTarget({ ...good, baseUrl })).toEqual({ origin, basePath });
  });

  it.each([
    ["a base URL that is no URL", { baseUrl: "secret-host" }],
    ["a base URL of another scheme", { baseUrl: "file:///secret" }],
    ["a base URL with a password", { baseUrl: "https://user:secret@api.example" }],
    ["a base URL with a query", { baseUrl: "https://api.example/?key=secret" }],
    ["an empty key", { apiKey: "" }],
    ["a key that would break the header", { apiKey: "secret\r\nx: y" }],
    ["a time-out of nothing", { submitTimeoutMs: 0 }],
    ["a time-out that is no whole number", { statusTimeoutMs: 0.5 }],
  ])("refuses %s without showing it", (_what, change) => {
    const attempt = () => checkedTarget({ ...good, ...change });
    expect(attempt).toThrow(
      expect.objectContaining({ kind: "misconfigured", code: "client_options_invalid" }),
    );
    expect(attempt).toThrow(/^(?!.*secret)/);
  });
});
