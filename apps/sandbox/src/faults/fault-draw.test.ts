import { expect, test } from "vitest";
import { createSeededRandom } from "../seeded-random.ts";
import { createFaultDraw, type Meeting } from "./fault-draw.ts";
import { parseMarkers } from "./fault-spec.ts";

function meeting(change: Partial<Meeting> & { prompt?: string }): Meeting {
  const markers = parseMarkers(change.prompt ?? "");
  if (typeof markers === "string") throw new Error(markers);
  return { markers, probabilities: {}, scope: "a task", lot: "task 1", ...change };
}
const draw = () => createFaultDraw(createSeededRandom("7"));
const names = (struck: readonly { specification: string }[]) =>
  struck.map(({ specification }) => specification);

test("markers go before settings, each in their order, and only those of the moment", () => {
  const probabilities = { "status:empty": 1, "submit:hang": 1, "status:hang": 1 };
  const struck = draw().strike("status", meeting({ prompt: "[[status:null]][[fail]]", probabilities }));
  expect(names(struck)).toEqual(["status:null", "status:empty", "status:hang"]);
});

test("times are counted within their scope", () => {
  const faults = draw();
  const strikes = (scope: string) =>
    faults.strike("status", meeting({ prompt: "[[status:null:2]]", scope })).length;
  expect([strikes("a"), strikes("a"), strikes("b"), strikes("a"), strikes("b"), strikes("b")]).toEqual([
    1, 1, 1, 0, 1, 0,
  ]);
});

test("a fault that does not apply is not counted", () => {
  const faults = draw();
  const one = meeting({ prompt: "[[status:stale:1]]" });
  expect(faults.strike("status", one, () => false)).toEqual([]);
  expect(names(faults.strike("status", one, () => true))).toEqual(["status:stale:1"]);
});

test("the luck of one lot does not depend on what others drew before", () => {
  const lucky = (before: number) => {
    const faults = draw();
    const probabilities = { "status:null": 0.5 };
    for (let nth = 0; nth < before; nth += 1)
      faults.strike("status", meeting({ probabilities, lot: `other ${nth}` }));
    return Array.from({ length: 20 }, () => faults.strike("status", meeting({ probabilities })).length);
  };
  expect(lucky(13)).toEqual(lucky(0));
  expect(new Set(lucky(0))).toEqual(new Set([0, 1]));
});

test("a reset forgets the counts", () => {
  const faults = draw();
  const once = meeting({ prompt: "[[status:null:1]]" });
  expect([faults.strike("status", once).length, faults.strike("status", once).length]).toEqual([1, 0]);
  faults.reset();
  expect(faults.strike("status", once).length).toBe(1);
});
