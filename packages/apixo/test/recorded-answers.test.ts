import { Failure } from "@rushes/pipeline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ApixoClient } from "../src/index.ts";
import { clientOf, ORDER, YES } from "./clients.ts";
import { startHttpServer, type Listening } from "./listening-server.ts";
import { recordedAnswers, type Expectation, type RecordedAnswer } from "./recorded-answers.ts";

const answers = recordedAnswers();
let replayed: RecordedAnswer;
let server: Listening;

beforeAll(async () => {
  server = await startHttpServer((request, response) => {
    request.resume();
    response.writeHead(replayed.status, replayed.headers).end(replayed.body);
  });
});
afterAll(() => server.stop());

async function call(client: ApixoClient, answer: RecordedAnswer): Promise<Expectation> {
  replayed = answer;
  switch (answer.operation) {
    case "generateTask":
      return client.generateTask(ORDER, YES);
    case "statusTask":
      return { report: await client.statusTask("task_12345678") };
    case "currentBalance":
      return { balanceMicros: await client.currentBalance() };
  }
}

/** What the call ends with, in the words of the records. */
async function outcome(client: ApixoClient, answer: RecordedAnswer): Promise<Expectation> {
  return call(client, answer).catch((error: unknown) => {
    if (!(error instanceof Failure)) throw error;
    const { kind, class: failureClass, code, retryAfterMs, httpStatus, requestLeft } = error;
    return { failure: { kind, class: failureClass, code, retryAfterMs, httpStatus, requestLeft } };
  });
}

/** A record leaves out the two fields of a failure that follow from the rest. */
function inFull({ operation, status }: RecordedAnswer, expected: Expectation): Expectation {
  if (expected.failure === undefined) return expected;
  const requestLeft = operation === "generateTask" ? true : undefined;
  return { failure: { ...expected.failure, httpStatus: status, requestLeft } };
}

describe("an answer of the provider", () => {
  it("is on record in every kind that is told apart", () => {
    expect(answers.length).toBeGreaterThan(100);
  });

  it.each(answers)("$name means what its record says", async (answer) => {
    const unknownStates: string[] = [];
    const client = clientOf(server.url, { onUnknownState: (state) => void unknownStates.push(state) });
    expect(await outcome(client, answer)).toEqual(inFull(answer, answer.expect));
    expect(unknownStates).toEqual(answer.unknownStates ?? []);
  });

  it.each(answers.filter(({ operation }) => operation === "generateTask"))(
    "$name, with a strict submit safety, means what its record says",
    async (answer) => {
      const client = clientOf(server.url, { submitSafety: "strict" });
      expect(await outcome(client, answer)).toEqual(inFull(answer, answer.expectStrict ?? answer.expect));
    },
  );
});
