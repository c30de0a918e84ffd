import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { parseOrder, readOrders } from "./read-orders.ts";

const INPUT = { mode: "master-text-to-video", prompt: "a lake", duration: 5 };
const read = (text: string) => readOrders("-", Readable.from([Buffer.from(text)]));

test("one order a line, whole or only its input", async () => {
  const whole = { input: INPUT, metadata: { n: 1 } };
  expect(await read(`${JSON.stringify(whole)}\n\n${JSON.stringify(INPUT)}\r\n`)).toEqual([
    whole,
    { input: INPUT },
  ]);
  expect(await read("")).toEqual([]);
});

test("a line that is no order is named", async () => {
  await expect(read(`${JSON.stringify(INPUT)}\n{"input":\n`)).rejects.toThrow(
    "standard input, line 2, is not JSON",
  );
  for (const line of ["[]", "null", '"text"', "7"])
    await expect(read(line)).rejects.toThrow("line 1, must be a JSON object");
  expect(() => parseOrder("x", "--input")).toThrow("--input is not JSON");
});

test("a file that cannot be read is named", async () => {
  await expect(readOrders("/nowhere/orders.ndjson", Readable.from([]))).rejects.toThrow(
    "--input-file: /nowhere/orders.ndjson cannot be read",
  );
});
