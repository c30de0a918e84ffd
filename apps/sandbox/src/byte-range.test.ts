import { expect, test } from "vitest";
import { parseRange } from "./byte-range.ts";

test.each([
  ["bytes=0-0", { from: 0, to: 1 }],
  ["bytes=0-9", { from: 0, to: 10 }],
  ["bytes=4-", { from: 4, to: 10 }],
  ["bytes=4-100", { from: 4, to: 10 }],
  ["bytes=-3", { from: 7, to: 10 }],
  ["bytes=-30", { from: 0, to: 10 }],
])("%s of ten bytes is the part from and to", (header, range) => {
  expect(parseRange(header, 10)).toEqual(range);
});

test.each(["bytes=10-", "bytes=10-11", "bytes=-0"])("%s of ten bytes cannot be had", (header) => {
  expect(parseRange(header, 10)).toBe("unsatisfiable");
});

test.each([undefined, "", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "items=0-1", "bytes=a-b"])(
  "%s asks for the whole",
  (header) => {
    expect(parseRange(header, 10)).toBeUndefined();
  },
);
