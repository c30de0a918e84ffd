import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { MUTANTS } from "./mutant-table.ts";

test.each(MUTANTS.flatMap(({ name, edits }) => edits.map((edit) => [name, edit] as const)))(
  "%s: the rule that is taken out stands in the sources, once",
  (_name, { file, rule }) => {
    const source = readFileSync(new URL(`../../../../${file}`, import.meta.url), "utf8");
    expect(source.split(rule)).toHaveLength(2);
  },
);
