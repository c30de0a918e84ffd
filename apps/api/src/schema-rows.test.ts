import { expect, test } from "vitest";
import { ruleOf, schemaRows } from "./schema-rows.ts";

test.each([
  [{}, "anything"],
  [{ $ref: "#/components/schemas/Video" }, "Video"],
  [{ type: "integer", minimum: 1, maximum: 10, default: 1 }, "integer from 1 to 10, by default 1"],
  [{ type: "string", maxLength: 5 }, "string of at most 5 characters"],
  [{ type: ["string", "null"] }, "string | null"],
  [{ enum: ["a", "b"] }, '"a" | "b"'],
  [{ anyOf: [{ const: 5 }, { const: 10 }] }, "5 | 10"],
  [{ oneOf: [{ type: "object" }, { type: "object" }] }, "object"],
  [{ type: "array", items: { type: "string" }, minItems: 1, maxItems: 1 }, "list, 1 long, of string"],
  [{ type: "array", items: { type: "string" }, minItems: 1, maxItems: 2 }, "list, 1 to 2 long, of string"],
  [{ type: "array" }, "list of anything"],
])("%j reads: %s", (schema, words) => {
  expect(ruleOf(schema)).toBe(words);
});

test("inner fields follow their object, items their list, and what must be absent is not shown", () => {
  const schema = {
    required: ["a"],
    properties: {
      a: { type: "object", description: "An object", properties: { b: { type: "number" } } },
      c: { type: "array", items: { type: "object", properties: { d: { type: "boolean" } } } },
      e: { not: {} },
    },
  };
  expect(schemaRows(schema)).toEqual([
    { field: "a", rule: "object", about: "An object" },
    { field: "a.b", rule: "number, optional", about: "" },
    { field: "c", rule: "list of object, optional", about: "" },
    { field: "c[].d", rule: "boolean, optional", about: "" },
  ]);
});

test("each form of a choice is shown under its mode", () => {
  const form = (mode: string) => ({ properties: { mode: { const: mode } } });
  const rows = schemaRows({ properties: { input: { oneOf: [form("x"), form("y")] } } });
  expect(rows.map(({ field }) => field)).toEqual(["input", "input (x).mode", "input (y).mode"]);
});
