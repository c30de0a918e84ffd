import { expect, test } from "vitest";
import { viewAnswer } from "./answer-view.ts";

const JOB = {
  id: "vid_1.submit.1",
  failedReason: "401 for Authorization: Bearer sk-12345678",
  stacktrace: ["Error: 401 for Authorization: Bearer sk-12345678"],
  returnValue: "fetched https://host.example/x.mp4?X-Amz-Signature=abcdef0123",
  data: { prompt: "a secret: the harbour" },
};
const QUEUE = { name: "submit", readOnlyMode: false, allowRetries: true, allowCompletedRetries: true };

test("credentials are taken out of errors, results and log lines", () => {
  const answers = [
    { job: JOB },
    { queues: [{ ...QUEUE, jobs: [JOB] }] },
    [JOB.failedReason, JOB.returnValue],
  ];

  for (const answer of answers) {
    const text = JSON.stringify(viewAnswer(answer, "admin"));
    expect(text).not.toContain("sk-12345678");
    expect(text).not.toContain("abcdef0123");
    expect(text).toContain("401 for Authorization");
  }
});

test("the prompt stays as it was ordered", () => {
  expect(viewAnswer({ job: JOB }, "viewer")).toMatchObject({ job: { data: JOB.data } });
});

test("a viewer's queues are read-only, an admin's are not", () => {
  expect(viewAnswer({ queues: [{ ...QUEUE, jobs: [] }] }, "viewer")).toEqual({
    queues: [
      {
        name: "submit",
        jobs: [],
        readOnlyMode: true,
        allowRetries: false,
        allowCompletedRetries: false,
      },
    ],
  });
  expect(viewAnswer({ queues: [{ ...QUEUE, jobs: [] }] }, "admin")).toEqual({
    queues: [{ ...QUEUE, jobs: [] }],
  });
});

test.each([null, "text", {}, { error: { key: "ERRORS.X" } }])(
  "other answers stay as they are: %j",
  (answer) => {
    expect(viewAnswer(answer, "viewer")).toEqual(answer);
  },
);
