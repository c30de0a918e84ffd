import { describe, expect, it } from "vitest";
import { parseEnvelope } from "./envelope.ts";

describe("parseEnvelope", () => {
  it.each([
    ["nothing", ""],
    ["HTML", "<html>502</html>"],
    ["JSON cut short", '{"code":200,"message":"suc'],
    ["another kind of JSON", "[200]"],
    ["a gateway's JSON without a code", '{"message":"Internal server error"}'],
    ["a code on its own", '{"code":500}'],
    ["a code that is no code", '{"code":null,"message":"x"}'],
    ["an empty code", '{"code":"","message":"x"}'],
  ])("does not take %s for the provider's envelope", (_what, body) => {
    expect(parseEnvelope(body)).toBeUndefined();
  });

  it("reads a code that is text, and msg for message", () => {
    expect(parseEnvelope('{"code":" 429 ","msg":"slow down"}')).toMatchObject({
      code: 429,
      message: "slow down",
    });
  });

  it("takes a word in place of the number for a fail code", () => {
    expect(parseEnvelope('{"code":"INSUFFICIENT_CREDITS","message":"no"}')).toMatchObject({
      code: undefined,
      failCodes: ["INSUFFICIENT_CREDITS"],
    });
  });

  it("finds fail codes and reasons wherever they stand, the most explicit first", () => {
    const body = {
      code: 400,
      message: "Bad Request",
      failCode: "B",
      error: "D",
      data: { failCode: "A", failMsg: "because", error: { code: "C", message: "why" } },
    };
    expect(parseEnvelope(JSON.stringify(body))).toMatchObject({
      failCodes: ["A", "B", "C", "D"],
      message: "Bad Request; because; why; D",
    });
  });

  it("survives fields of the wrong shape", () => {
    const body = { code: 400, message: { a: 1 }, error: 7, data: { taskId: {}, failCode: [], error: [] } };
    expect(parseEnvelope(JSON.stringify(body))).toMatchObject({
      code: 400,
      message: "",
      taskId: undefined,
      failCodes: [],
    });
  });

  it.each([
    ['"  "', undefined],
    ["null", undefined],
    ['" a/b "', " a/b "],
    ["42", "42"],
    ["12345678901234567891", "12345678901234567891"],
  ])("reads the task id %s as %j", (taskId, expected) => {
    expect(parseEnvelope(`{"code":200,"data":{"taskId":${taskId}}}`)?.taskId).toBe(expected);
  });
});
