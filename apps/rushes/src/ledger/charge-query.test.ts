import { describe, expect, test } from "vitest";
import { UsageProblem } from "../usage-problem.ts";
import { parseChargeQuery } from "./charge-query.ts";

describe("parseChargeQuery", () => {
  test("reads days as their beginning in UTC, and moments with their offset", () => {
    expect(parseChargeQuery({ from: "2026-11-24", to: "2026-11-25T01:30:00+01:00" })).toEqual({
      fromMs: Date.UTC(2026, 10, 24),
      toMs: Date.UTC(2026, 10, 25, 0, 30),
    });
  });

  test("asks for everything unless told otherwise", () => {
    expect(parseChargeQuery({})).toEqual({});
    expect(parseChargeQuery({ outcome: "unconfirmed", account: "main" })).toEqual({
      outcome: "unconfirmed",
      account: "main",
    });
  });

  test.each([
    { from: "yesterday" },
    { from: "2026-02-30" },
    { from: "2026-13-01" },
    { to: "2026-11-24T10:00" },
    { to: "24.11.2026" },
    { from: "" },
    { outcome: "unknown" },
    { from: "2026-11-24", to: "2026-11-24" },
    { from: "2026-11-25", to: "2026-11-24" },
  ])("refuses %j", (values) => {
    expect(() => parseChargeQuery(values)).toThrow(UsageProblem);
  });
});
