import { RushesError } from "@rushes/client";
import { expect, test } from "vitest";
import { exitCodeOf } from "./ask-api.ts";
import { errorLines } from "./error-lines.ts";

const refused = (status: number | null, code: string): RushesError =>
  new RushesError(code, "No.", { status });

test("an order that cannot be one is a mistake of usage, what may pass is left open, the rest has failed", () => {
  expect(exitCodeOf(refused(422, "invalid_order"))).toBe(2);
  for (const [status, code] of [
    [null, "unreachable"],
    [null, "timeout"],
    [null, "wait_timeout"],
    [429, "too_many_requests"],
    [503, "redis_unavailable"],
  ] as const)
    expect([code, exitCodeOf(refused(status, code))]).toEqual([code, 3]);
  for (const [status, code] of [
    [401, "unauthorized"],
    [402, "over_budget"],
    [404, "video_not_found"],
    [409, "already_submitted"],
    [422, "idempotency_key_reused"],
    [null, "file_damaged"],
  ] as const)
    expect([code, exitCodeOf(refused(status, code))]).toEqual([code, 1]);
});

test("fields are flags to whoever typed them, and orders of a file by number", () => {
  const errors = [
    { field: "input.prompt", message: "prompt must not be empty", item: null },
    { field: "input.duration", message: "duration must be \u001B[2J5", item: 3 },
    { field: "", message: "costs $1.00", item: 4 },
  ];
  expect(
    errorLines(new RushesError("invalid_order", "Not valid.\n  a\n  b", { status: 422, errors })),
  ).toEqual([
    "Not valid.",
    "  --prompt: prompt must not be empty",
    "  order 4, input.duration: duration must be  [2J5",
    "  order 5, costs $1.00",
  ]);
});

test("whoever is left in doubt is told how to go on, and nobody else", () => {
  const unsure = Object.assign(new RushesError("timeout", "No answer.", { isUnsure: true }), {
    idempotencyKey: "k-1",
  });
  expect(errorLines(unsure).at(-1)).toContain("--idempotency-key k-1");
  const sure = Object.assign(refused(402, "over_budget"), { idempotencyKey: "k-1" });
  expect(errorLines(sure).join()).not.toContain("k-1");
});
