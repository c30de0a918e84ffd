import { expect, test } from "vitest";
import { untilStored } from "./until-stored.ts";

const refusal = Object.assign(new Error("OOM command not allowed"), { name: "ReplyError" });

test("a full Redis is asked again until it has room, and told of once", async () => {
  const refusals: unknown[] = [];
  const answers = [refusal, refusal, "stored"];
  const store = async (): Promise<unknown> => {
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  expect(await untilStored(store, (error) => refusals.push(error))).toBe("stored");
  expect(refusals).toEqual([refusal]);
});

test("any other error is thrown at once", async () => {
  const mistake = new Error("no such script");
  await expect(
    untilStored(
      () => Promise.reject(mistake),
      () => {},
    ),
  ).rejects.toBe(mistake);
});
