import { describe, expect, it } from "vitest";
import { HTTP_ERRORS } from "./http-errors.ts";
import { judgeSubmit } from "./submit-verdict.ts";

const envelopes = [200, 400, 401, 402, 403, 404, 422, 429, 500, 502, 503, 504, 1001].map((code) =>
  JSON.stringify({ code, message: "words", data: null }),
);
const bodies = ["", "<html></html>", '{"code":200,"mess', ...envelopes];
const statuses = [
  200, 201, 204, 302, 307, 400, 401, 402, 403, 404, 408, 409, 429, 500, 501, 502, 503, 504, 520,
];

function kindOf(status: number, body: string, safety: "documented" | "strict"): string {
  const verdict = judgeSubmit({ status, body }, safety, 0);
  return verdict.accepted ? "accepted" : verdict.failure.kind;
}

describe("judgeSubmit", () => {
  it("calls a submit accepted only for 2xx with code 200 and a task id", () => {
    for (const status of statuses) {
      for (const code of [200, 0, 201, 400, 429, 500, 504]) {
        const body = JSON.stringify({ code, message: "words", data: { taskId: "task_1" } });
        const success = status >= 200 && status < 300 && code === 200;
        expect([status, code, kindOf(status, body, "documented")]).toEqual([
          status,
          code,
          success ? "accepted" : "unconfirmed",
        ]);
      }
    }
  });

  it("never promises that nothing was accepted after a 504, as status or as code", () => {
    for (const body of bodies) expect(kindOf(504, body, "documented")).toBe("unconfirmed");
    for (const status of statuses) {
      expect(kindOf(status, '{"code":"504","msg":"late"}', "documented")).toBe("unconfirmed");
    }
  });

  it("believes a 5xx only in the provider's own envelope", () => {
    for (const status of [500, 502, 503]) {
      for (const body of ["", "<html></html>", '{"code":200,"mess', '{"message":"Internal server error"}']) {
        expect(kindOf(status, body, "documented")).toBe("unconfirmed");
      }
      expect(kindOf(status, `{"code":${status},"message":"x"}`, "documented")).toBe("unavailable");
    }
  });

  it("believes no 5xx at all when strict, and is otherwise the same", () => {
    for (const status of statuses) {
      for (const body of bodies) {
        const documented = kindOf(status, body, "documented");
        const strict = kindOf(status, body, "strict");
        expect(["unavailable", "unconfirmed"]).toContain(documented === strict ? "unconfirmed" : documented);
        expect(strict).not.toBe("unavailable");
      }
    }
  });

  it("leaves every number that nobody documents unconfirmed", () => {
    for (const status of statuses.filter((each) => !HTTP_ERRORS.has(each))) {
      for (const body of ["", "<html></html>", '{"code":1001,"message":"x"}', '{"code":409,"message":"x"}']) {
        expect(kindOf(status, body, "documented")).toBe("unconfirmed");
      }
    }
  });

  it("shows the answer in an unconfirmed failure, for whoever looks for the task", () => {
    const verdict = judgeSubmit({ status: 200, body: '{"id":\n "task_9"}' }, "documented", 0);
    expect(verdict).toMatchObject({ failure: { message: expect.stringContaining('{"id": "task_9"}') } });
  });
});
