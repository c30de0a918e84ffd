import { expect, test } from "vitest";
import type { LineClaim } from "@rushes/ledger";
import { heldClaims } from "./held-claims.ts";

test("while paid work may not begin, the line answers that there is no place, and nothing is claimed", async () => {
  const asked: unknown[] = [];
  let maySpend = false;
  const idle: LineClaim = { kind: "idle" };
  const line = heldClaims(
    {
      readTime: async () => 1_000,
      async claimSubmission(accounts) {
        asked.push(accounts);
        return idle;
      },
    },
    () => maySpend,
  );
  const accounts = [{ name: "default", concurrency: 1 }];
  expect(await line.claimSubmission(accounts)).toEqual({ kind: "no_place", untilMs: 1_500 });
  expect(asked).toEqual([]);
  maySpend = true;
  expect(await line.claimSubmission(accounts)).toBe(idle);
  expect(asked).toEqual([accounts]);
});
