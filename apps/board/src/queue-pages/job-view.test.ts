import { expect, test } from "vitest";
import { summarize } from "@rushes/pipeline";
import { titleJob, viewJobData } from "./job-view.ts";

const API = "https://api.example";
const DATA = {
  video: "vid_01",
  rev: 3,
  link: "/v1/videos/vid_01",
  ...summarize(
    {
      input: { mode: "master-text-to-video", prompt: "A harbour", duration: 10, aspect_ratio: "16:9" },
      model: "kling-2-1",
      priority: 0,
      delay_s: 0,
      max_charges: 1,
      metadata: {},
    },
    "task-1",
  ),
};

test("a job shows video, mode, duration, task, prompt and a whole link to the video", () => {
  expect(viewJobData(DATA, API)).toEqual({
    video: "vid_01",
    link: "https://api.example/v1/videos/vid_01",
    mode: "master-text-to-video",
    duration: 10,
    task: "task-1",
    prompt: "A harbour",
    rev: 3,
  });
});

test("what is shown can be written back: it is shown the same again", () => {
  const view = viewJobData(DATA, API);

  expect(viewJobData(view, API)).toEqual(view);
});

test("whatever else has got into a job is not shown", () => {
  const view = viewJobData({ ...DATA, apiKey: "sk-1", webhook: { secret: "x" }, task: { id: "y" } }, API);

  expect(Object.keys(view)).toEqual(["video", "link", "mode", "duration", "prompt", "rev"]);
});

test.each([undefined, null, "text", 7, [], {}])("data that is %j shows nothing", (data) => {
  expect(viewJobData(data, API)).toEqual({});
});

test("the link is made from the id, whatever link the job holds", () => {
  const view = viewJobData({ video: "../x?y#z", link: "javascript:alert(1)" }, API);

  expect(view.link).toBe("https://api.example/v1/videos/..%2Fx%3Fy%23z");
});

test("a very long text made by hand is cut between characters", () => {
  const { prompt = "" } = viewJobData({ prompt: `${"a".repeat(499)}😀` }, API);

  expect(prompt.length).toBeLessThanOrEqual(501);
  expect(prompt.isWellFormed()).toBe(true);
});

test("the title names the video, its mode and its length", () => {
  expect(titleJob({ name: "submit", data: DATA })).toBe("vid_01 · master-text-to-video · 10 s");
  expect(titleJob({ name: "by hand", data: {} })).toBe("by hand");
});
