import { expect, test } from "vitest";
import { dollars, priceMicros } from "./price.ts";

test("every mode and duration costs what the provider's page says", () => {
  const table = [
    ["standard-image-to-video", 0.2, 0.4],
    ["pro-image-to-video", 0.35, 0.7],
    ["master-image-to-video", 1, 2],
    ["master-text-to-video", 1, 2],
  ] as const;
  for (const [mode, five, ten] of table) {
    expect([mode, dollars(priceMicros(mode, 5)), dollars(priceMicros(mode, 10))]).toEqual([mode, five, ten]);
  }
});
