import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type { Order } from "@rushes/client";
import { UsageProblem } from "../usage-problem.ts";

/**
 * An order from JSON: whole, or only its input, which is known by its `mode`.
 *
 * @throws UsageProblem that begins with `source`
 */
export function parseOrder(json: string, source: string): Order {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new UsageProblem(`${source} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new UsageProblem(
      `${source} must be a JSON object: {"input": {"mode": …, "prompt": …, "duration": 5}}.`,
    );
  const isInput = "mode" in value && !("input" in value);
  return (isInput ? { input: value } : value) as Order;
}

/**
 * Orders from NDJSON, one a line; empty lines are left out. All of them are read before any is answered, so that a line
 * that is no order is found while nothing has been ordered.
 *
 * @param path `-` for `input`
 * @throws UsageProblem that names the line
 */
export async function readOrders(path: string, input: Readable): Promise<Order[]> {
  const name = path === "-" ? "standard input" : path;
  const whole = await readWhole(path, input, name);
  return whole
    .split("\n")
    .flatMap((line, index) => (line.trim() === "" ? [] : [parseOrder(line, `${name}, line ${index + 1},`)]));
}

async function readWhole(path: string, input: Readable, name: string): Promise<string> {
  try {
    return path === "-" ? await text(input) : await readFile(path, "utf8");
  } catch (error) {
    throw new UsageProblem(`--input-file: ${name} cannot be read: ${(error as Error).message}`);
  }
}
