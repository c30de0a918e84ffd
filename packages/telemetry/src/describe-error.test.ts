import { expect, test } from "vitest";
import { describeError } from "./describe-error.ts";

test("only the fields that a person needs are taken", () => {
  const error = Object.assign(new TypeError("bad"), {
    code: "E_BAD",
    kind: "refused",
    config: { headers: { authorization: "x" } },
    request: {},
  });
  const described = describeError(error);
  expect(Object.keys(described).toSorted()).toEqual(["code", "kind", "message", "name", "stack"]);
  expect(described).toMatchObject({ name: "TypeError", message: "bad", code: "E_BAD", kind: "refused" });
});

test("causes are followed, and an error that causes itself ends", () => {
  const error = new Error("outer", { cause: new Error("inner", { cause: "a word" }) });
  expect(describeError(error)).toMatchObject({ cause: { message: "inner", cause: { message: "a word" } } });

  const circular = new Error("round");
  circular.cause = circular;
  expect(JSON.stringify(describeError(circular)).match(/"message":"round"/g)).toHaveLength(6);
});

test("the first errors of a group are described", () => {
  const many = new AggregateError(
    Array.from({ length: 9 }, (_, index) => new Error(`number ${index}`)),
    "all failed",
  );
  expect(describeError(many).errors?.map(({ message }) => message)).toEqual([
    "number 0",
    "number 1",
    "number 2",
    "number 3",
    "number 4",
  ]);
});

test("anything that can be thrown is taken", () => {
  const hostile = {
    get message() {
      throw new Error("no");
    },
    name: 7,
    code: { nested: true },
  };
  expect(describeError(hostile)).toEqual({});
  expect(describeError("text")).toEqual({ message: "text" });
  expect(describeError(undefined)).toEqual({ message: "undefined" });
  expect(describeError(Symbol("s"))).toEqual({ message: "Symbol(s)" });
  expect(describeError(Object.create(null))).toEqual({});
});
