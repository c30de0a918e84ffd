import { expect, test } from "vitest";
import { gatherRequests } from "./gather-requests.ts";

const done = <Value>(value: Value): PromiseSettledResult<Value> => ({ status: "fulfilled", value });

test("requests of one turn of the event loop are served at once, in their order, also those of settled promises", async () => {
  const served: string[][] = [];
  const ask = gatherRequests<string, string>(async (requests) => {
    served.push([...requests]);
    return requests.map((request) => done(request.toUpperCase()));
  }, 10);
  const answers = Promise.all([ask("a"), ask("b"), Promise.resolve("c").then(ask)]);
  expect(await answers).toEqual(["A", "B", "C"]);
  expect(await ask("d")).toBe("D");
  expect(served).toEqual([["a", "b", "c"], ["d"]]);
});

test("no more than the given number are served at once", async () => {
  const sizes: number[] = [];
  const ask = gatherRequests<number, number>(async (requests) => {
    sizes.push(requests.length);
    return requests.map(done);
  }, 2);
  await Promise.all([1, 2, 3, 4, 5].map(ask));
  expect(sizes).toEqual([2, 2, 1]);
});

test("a request that fails fails alone, and a throw fails all that were served with it", async () => {
  const ask = gatherRequests<string, string>(async (requests) => {
    if (requests.includes("throw")) throw new Error("all");
    return requests.map((request) =>
      request === "bad" ? { status: "rejected", reason: new Error("alone") } : done(request),
    );
  }, 10);
  const told = async (...requests: string[]): Promise<string[]> =>
    (await Promise.allSettled(requests.map(ask))).map((one) =>
      one.status === "fulfilled" ? one.value : (one.reason as Error).message,
    );
  expect(await told("a", "bad", "b")).toEqual(["a", "alone", "b"]);
  expect(await told("a", "throw")).toEqual(["all", "all"]);
});
