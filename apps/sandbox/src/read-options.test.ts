import { expect, test } from "vitest";
import { readOptions, unknownVariables } from "./read-options.ts";

test("without variables the process listens on its usual ports, for every key", () => {
  expect(readOptions({})).toEqual({ port: 4010, filePort: 4011, host: "127.0.0.1", keys: [] });
});

test("every option has a variable, read as JSON, or as text where it is text", () => {
  const options = readOptions({
    PORT: "0",
    HOST: "0.0.0.0",
    SANDBOX_SPEED: "10",
    SANDBOX_SEED: "007",
    SANDBOX_KEYS: "123, b",
    SANDBOX_CONCURRENCY: "",
    SANDBOX_RETRY_AFTER_S: "null",
    SANDBOX_CHARGE_AT: "success",
    SANDBOX_REFUND_FAILED: "false",
    SANDBOX_FIVE_SECOND_MS: "[1, 2]",
    SANDBOX_FAULTS: '{"submit:hang": 0.5}',
    SANDBOX_PER_KEY: '{"b": {"balanceUsd": 1}}',
  });
  expect(options).toEqual({
    port: 0,
    filePort: 4011,
    host: "0.0.0.0",
    speed: 10,
    seed: "007",
    keys: ["123", "b"],
    retryAfterS: null,
    chargeAt: "success",
    refundFailed: false,
    fiveSecondMs: [1, 2],
    faults: { "submit:hang": 0.5 },
    perKey: { b: { balanceUsd: 1 } },
  });
});

test("all that is wrong is said at once, by the names of the variables", () => {
  const read = () => readOptions({ SANDBOX_SPEED: "0", SANDBOX_FAULTS: '{"submit:oops": 1}' });
  expect(read).toThrow(
    /SANDBOX_FAULTS\.submit:oops is not valid: there is no fault.*\n.*SANDBOX_SPEED is not valid/,
  );
});

test("variables that mean nothing are found", () => {
  expect(unknownVariables({ SANDBOX_SPED: "1", SANDBOX_SPEED: "1", PATH: "" })).toEqual(["SANDBOX_SPED"]);
});
