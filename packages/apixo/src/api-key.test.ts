import { describe, expect, it } from "vitest";
import { scrubbed, summaryOf } from "./api-key.ts";

describe("scrubbed", () => {
  it("takes the key out before it cuts, so that no half of it is left at the end", () => {
    const key = "sk-0123456789";
    const text = `${"x".repeat(495)}${key}${"y".repeat(50)}`;
    const clean = scrubbed(text, { reveal: () => key });
    expect(clean).not.toContain("sk-0");
    expect(clean.length).toBeLessThan(text.length);
  });
});

describe("summaryOf", () => {
  it("keeps name, code and message of an error and nothing else of it", () => {
    const error = Object.assign(new Error("bad key K3Y"), {
      code: "EBAD",
      request: { authorization: "K3Y" },
    });
    expect(summaryOf(error, "K3Y")).toEqual({ name: "Error", code: "EBAD", message: "bad key [secret]" });
    expect(summaryOf("K3Y", "K3Y")).toEqual({ name: "Error", message: "unknown" });
  });
});
