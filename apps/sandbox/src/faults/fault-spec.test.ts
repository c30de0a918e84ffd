import { expect, test } from "vitest";
import { FAULTS } from "./fault-table.ts";
import { parseFault, parseMarkers } from "./fault-spec.ts";

const read = (specification: string) => {
  const parsed = parseFault(specification);
  if (typeof parsed === "string") return parsed;
  return [parsed.fault.name, parsed.given.text, parsed.times];
};

test("a fault has its default argument, its own, or its own and a number of times", () => {
  expect(read("submit:error")).toEqual(["submit:error", "500", null]);
  expect(read("submit:error:429")).toEqual(["submit:error", "429", null]);
  expect(read("submit:error:429:2")).toEqual(["submit:error", "429", 2]);
});

test("a fault without argument takes the number of times at once", () => {
  expect(read("status:null:3")).toEqual(["status:null", "", 3]);
});

test("a failure is named by its code alone, spaces included", () => {
  expect(read("fail")).toEqual(["fail", "Unknown error", null]);
  expect(read("fail:Missing required parameter")).toEqual(["fail", "Missing required parameter", null]);
  expect(read("fail:NSFW:1")).toEqual(["fail", "NSFW", 1]);
});

test.each([
  ["submit:rest", "there is no fault named submit:rest"],
  ["sumbit:reset", "there is no fault named sumbit:reset"],
  ["submit", "there is no fault named submit"],
  ["submit:error:many", "submit:error takes a whole number as status"],
  ["submit:error:-1", "submit:error takes a whole number as status"],
  ["fail:", "fail takes a text as code"],
  ["status:null:often", "status:null takes a whole number as its times"],
  ["status:null:1:2", "status:null takes fewer arguments"],
])("%s is not a fault", (specification, problem) => {
  expect(read(specification)).toBe(problem);
});

test("markers are found anywhere in a prompt, and other brackets are left alone", () => {
  const markers = parseMarkers(
    "a [[status:null:3]] lake [[camera:left]] [[fail]][[a]] [submit:hang] [[Submit:hang]]",
  );
  expect(markers).toMatchObject([{ specification: "status:null:3" }, { specification: "fail" }]);
});

test("a marker that is misspelt is said", () => {
  expect(parseMarkers("x [[result:cuts]]")).toBe("[[result:cuts]]: there is no fault named result:cuts");
});

test("no two faults have the same name", () => {
  expect(new Set(FAULTS.map(({ name }) => name)).size).toBe(FAULTS.length);
});
