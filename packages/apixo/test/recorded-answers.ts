import { readdirSync, readFileSync } from "node:fs";

const FOLDER = new URL("../fixtures/", import.meta.url);

/** What a fixture promises: exactly one of these. */
export type Expectation = {
  taskId?: string;
  report?: Record<string, unknown>;
  balanceMicros?: number;
  failure?: Record<string, unknown>;
};

export type RecordedAnswer = {
  name: string;
  operation: "generateTask" | "statusTask" | "currentBalance";
  /** Where the shape of the answer is from. */
  origin: "apixo-page" | "apixo-older-pages" | "sibling-services" | "constructed";
  status: number;
  headers: Record<string, string>;
  body: string;
  expect: Expectation;
  /** The states that `onUnknownState` is told of; none when left out. */
  unknownStates?: string[];
  /** With `submitSafety: "strict"`; as `expect` when left out. */
  expectStrict?: Expectation;
};

export function recordedAnswers(): RecordedAnswer[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json"))
    .toSorted()
    .map((file) => ({
      name: file.replace(/\.json$/, ""),
      ...(JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as Omit<RecordedAnswer, "name">),
    }));
}
