import { afterAll, beforeAll, expect, test } from "vitest";
import { STAGES } from "@rushes/pipeline";
import { ADMIN, API_URL, startBoardRig, VIEWER, type BoardRig } from "./board-rig.ts";
import { goesTo, listChanges } from "./queue-page-changes.ts";

const MARKUP = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>';

let rig: BoardRig;
let admin: string;
let viewer: string;
let waiting: string;
let failed: string;
let delayed: string;

beforeAll(async () => {
  rig = await startBoardRig();
  [admin, viewer] = [await rig.logIn(ADMIN), await rig.logIn(VIEWER)];
  waiting = await rig.addJob("submit", "vid_waiting", { about: { prompt: MARKUP } });
  delayed = await rig.addJob("poll", "vid_delayed", { delayMs: 3_600_000 });
  failed = await rig.addJob("archive", "vid_failed");
  await rig.runJobs("archive", 1, () => ({
    kind: "give-up",
    reason: "403 for https://files.example/x.mp4?signature=do-not-show",
  }));
});
afterAll(() => rig.stop());

type Queue = { name: string; readOnlyMode: boolean; allowRetries: boolean; jobs: unknown[] };

async function readJson<Body>(path: string, cookie: string): Promise<Body> {
  const answer = await rig.ask(path, { cookie });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Body;
}

test("the first page leads to the overview", async () => {
  const answer = await rig.ask("/", { cookie: viewer });

  expect(answer.status).toBe(303);
  expect(answer.headers.get("location")).toBe("/overview");
});

test("every stage has its queue on the board", async () => {
  const { queues } = await readJson<{ queues: Queue[] }>("/queues/api/queues", viewer);

  expect(queues.map(({ name }) => name)).toEqual([...STAGES]);
});

test("a job shows its video, what was ordered, and a link", async () => {
  const { queues } = await readJson<{ queues: Queue[] }>(
    "/queues/api/queues?activeQueue=poll&status=delayed",
    viewer,
  );

  expect(queues.find(({ name }) => name === "poll")?.jobs).toMatchObject([
    {
      id: delayed,
      name: "vid_delayed · master-text-to-video · 10 s",
      data: {
        video: "vid_delayed",
        link: `${API_URL}/v1/videos/vid_delayed`,
        mode: "master-text-to-video",
        duration: 10,
        task: "task-4711",
        prompt: "A harbour at dawn",
      },
      externalUrl: { displayText: "Open the video", href: "/videos/vid_delayed" },
    },
  ]);
});

test("a prompt with markup travels as text in JSON and never as a page", async () => {
  const answer = await rig.ask(`/queues/api/queues/submit/${waiting}`, { cookie: viewer });

  expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(await answer.json()).toMatchObject({ job: { data: { prompt: MARKUP } } });
  const page = await rig.ask(`/queues/queue/submit/${waiting}`, { cookie: viewer });
  expect(await page.text()).not.toContain("onerror");
});

test("errors are shown without the credentials in them", async () => {
  const answer = await rig.ask(`/queues/api/queues/archive/${failed}`, { cookie: viewer });
  const text = await answer.text();

  expect(text).toContain("403 for https://files.example/x.mp4?[scrubbed]");
  expect(text).not.toContain("do-not-show");
});

test("the pages load nothing from elsewhere", async () => {
  const page = await (await rig.ask("/queues", { cookie: viewer })).text();

  expect(page).toContain('<base href="/queues/"');
  expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);
});

/** Every route of the installed Bull Board that changes something, and one that it does not have. */
const CHANGES: [method: string, path: string, json?: unknown][] = [
  ["PUT", "pause"],
  ["PUT", "resume"],
  ["POST", "submit/add", { name: "x", data: {}, options: {} }],
  ["PUT", "archive/retry/failed"],
  ["PUT", "poll/promote"],
  ["PUT", "archive/clean/failed"],
  ["PUT", "submit/pause"],
  ["PUT", "submit/resume"],
  ["PUT", "submit/concurrency", { concurrency: 1 }],
  ["PUT", "submit/rate-limit", { max: 1, duration: 1_000 }],
  ["PUT", "submit/rate-limit/release"],
  ["PUT", "submit/empty"],
  ["PUT", "submit/obliterate", { force: true }],
  ["PUT", "submit/job-schedulers/x/remove"],
  ["PATCH", "submit/job-schedulers/x", { every: 1_000 }],
  ["PUT", "submit/job-schedulers/x/run"],
  ["PUT", "archive/vid_failed.archive.1/retry"],
  ["PUT", "archive/vid_failed.archive.1/clean"],
  ["PUT", "poll/vid_delayed.poll.1/promote"],
  ["PATCH", "submit/vid_waiting.submit.1/update-data", { jobData: {} }],
  ["PATCH", "poll/vid_delayed.poll.1/delay", { runAt: 0 }],
  ["PATCH", "submit/vid_waiting.submit.1/priority", { priority: 1 }],
  ["PUT", "submit/vid_waiting.submit.1/remove-unprocessed-children"],
  ["DELETE", "submit"],
];

test("the list of changes is whole: no route of Bull Board is missing", () => {
  const [routes, tried] = [listChanges(), CHANGES.map(([method, path]) => `${method} ${path}`)];

  // A new one must be pressed in test/board-buttons.test.ts too.
  expect(routes.filter((route) => !tried.some((change) => goesTo(change, route)))).toEqual([]);
  expect(tried.filter((change) => !routes.some((route) => goesTo(change, route)))).toEqual(["DELETE submit"]);
});

test.each(CHANGES)("a viewer's %s %s is refused and changes nothing", async (method, path, json) => {
  const before = await readJson("/queues/api/queues?activeQueue=submit", viewer);
  const answer = await rig.ask(`/queues/api/queues/${path}`, { method, cookie: viewer, json });

  expect(answer.status).toBe(403);
  expect(await answer.json()).toMatchObject({ message: "A viewer may look, but not change anything." });
  const mute = await rig.ask(`/queues/api/queues/${path}`, { method, cookie: viewer, json, isMute: true });
  expect(mute.status).toBe(403);
  expect(await readJson("/queues/api/queues?activeQueue=submit", viewer)).toEqual(before);
});

test("a viewer's pages are told to leave out the buttons, an admin's are not", async () => {
  const seenBy = async (cookie: string): Promise<boolean[]> => {
    const { queues } = await readJson<{ queues: Queue[] }>("/queues/api/queues", cookie);
    return queues.map(({ readOnlyMode, allowRetries }) => readOnlyMode && !allowRetries);
  };

  expect(await seenBy(viewer)).toEqual([true, true, true, true]);
  expect(await seenBy(admin)).toEqual([false, false, false, false]);
});

test("an admin's requests from another site's page, or from nowhere, are refused", async () => {
  const path = `/queues/api/queues/poll/${delayed}/promote`;
  for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
    expect((await rig.ask(path, { method: "PUT", cookie: admin, headers })).status).toBe(403);
  }
  expect((await rig.ask(path, { method: "PUT", cookie: admin, isMute: true })).status).toBe(403);
  expect(await rig.stateOf("poll", delayed)).toBe("delayed");
});

test("an admin promotes a delayed job, retries a failed one and cleans it away", async () => {
  const press = async (path: string): Promise<number> =>
    (await rig.ask(`/queues/api/queues/${path}`, { method: "PUT", cookie: admin })).status;

  expect(await press(`poll/${delayed}/promote`)).toBe(204);
  expect(await rig.stateOf("poll", delayed)).toBe("waiting");
  expect(await press(`archive/${failed}/retry`)).toBe(204);
  expect(await rig.stateOf("archive", failed)).toBe("waiting");
  expect(await press(`archive/${failed}/clean`)).toBe(204);
  expect(await rig.stateOf("archive", failed)).toBe("unknown");
});

test("an admin's change to a job's data leaves what the worker needs", async () => {
  const job = `/queues/api/queues/submit/${waiting}`;
  const { job: shown } = await readJson<{ job: { data: object } }>(job, admin);
  const answer = await rig.ask(`${job}/update-data`, {
    method: "PATCH",
    cookie: admin,
    json: { jobData: shown.data },
  });

  expect(answer.status).toBe(200);
  let seen: unknown;
  await rig.runJobs("submit", 1, (stageJob) => {
    seen = { videoId: stageJob.videoId, rev: stageJob.rev };
    return { kind: "advance", log: "done" };
  });
  expect(seen).toEqual({ videoId: "vid_waiting", rev: 1 });
});

test("a path that does not exist is 404 for those who are logged in", async () => {
  expect((await rig.ask("/queues/api/nothing", { cookie: admin })).status).toBe(404);
  expect((await rig.ask("/queues/api/queues/nothing/x", { cookie: admin })).status).toBe(404);
});
