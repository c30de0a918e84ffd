import { expect, test } from "vitest";
import { originOf } from "./origin.ts";

const TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

test("a request's id and trace are kept", () => {
  expect(originOf({ id: "r", headers: { traceparent: TRACEPARENT } })).toEqual({
    request_id: "r",
    traceparent: TRACEPARENT,
  });
});

test("without a trace of the caller's the one that begins here is kept", () => {
  const span = { traceparent: TRACEPARENT.replace("4bf9", "aaaa"), set() {}, fail() {}, end() {} };
  expect(originOf({ id: "r", headers: {}, span }).traceparent).toBe(span.traceparent);
  expect(originOf({ id: "r", headers: { traceparent: "none" }, span }).traceparent).toBe(span.traceparent);
  expect(originOf({ id: "r", headers: { traceparent: TRACEPARENT }, span }).traceparent).toBe(TRACEPARENT);
  expect(originOf({ id: "r", headers: {}, span: { ...span, traceparent: undefined } })).toEqual({
    request_id: "r",
  });
});

test.each([
  undefined,
  "",
  TRACEPARENT.toUpperCase(),
  `${TRACEPARENT}-x`,
  TRACEPARENT.replace(/^00/, "ff"),
  "00-0-0-01",
  `00-${"0".repeat(32)}-${"a".repeat(16)}-01`,
  `00-${"a".repeat(32)}-${"0".repeat(16)}-01`,
])("a trace of %j is dropped", (traceparent) => {
  expect(originOf({ id: "r", headers: traceparent === undefined ? {} : { traceparent } })).toEqual({
    request_id: "r",
  });
});
