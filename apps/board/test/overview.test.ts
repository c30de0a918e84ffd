import type { Browser } from "playwright-core";
import { createWorkerRoll } from "@rushes/ledger";
import { noChromium, openChromium, uniquePrefix, untilTrue } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBoardLedger, type BoardLedger } from "./board-ledger.ts";
import { startBoardRig, VIEWER, type BoardRig } from "./board-rig.ts";
import { openAs } from "./page-in-browser.ts";

type Live = { nowMs: number; parts: Record<string, string>; charts: Record<string, number[][]> };

const MARKUP = '<img src=x onerror="globalThis.wasRun=1">';

let rig: BoardRig;
let videos: BoardLedger;
let viewer: string;
const prefix = uniquePrefix("board");

beforeAll(async () => {
  rig = await startBoardRig({
    prefix,
    bounds: { budgetMicros: 4_000_000, resultPlanMs: 86_400_000, resultLifeMs: 1_296_000_000 },
  });
  videos = openBoardLedger(rig.redis.url, prefix);
  viewer = await rig.logIn(VIEWER);
  await videos.ledger.limits.announce([{ name: "main", concurrency: 5 }]);
  await videos.unconfirmed("vid_a");
  await videos.failed("vid_b", "broken");
  await videos.completed("vid_c");
  await videos.generating("vid_d");
  await videos.order("vid_e");
  await videos.ledger.limits.sample(1);
  await createWorkerRoll(videos.redis, prefix).sign({ place: "here:1", roles: ["submit", "poll", MARKUP] });
});
afterAll(async () => {
  videos.close();
  await rig.stop();
});

/** Text as people read it, with single blanks. */
const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ")
    .trim();

async function live(after = 0): Promise<Live> {
  return (await (await rig.ask(`/overview/live?after=${after}`, { cookie: viewer })).json()) as Live;
}

test("the funnel tells how many there are of each phase, and how old the oldest is where it waits", async () => {
  const { parts } = await live();
  expect(textOf(parts["flow"] ?? "")).toMatch(
    /^queued 1 oldest [\d.]+ s submitting 0 generating 1 oldest [\d.]+ s archiving 0 completed 1 unconfirmed 1 oldest [\d.]+ s failed 1 cancelled 0$/,
  );
});

test("money of today stands against the budget, beside what runs and what is in doubt", async () => {
  const { parts } = await live();
  expect(textOf(parts["money"] ?? "")).toBe(
    "$4.00 today (UTC) $4.00 of $4.00 Billed $2.00 Reserved $2.00 In flight, 2 tasks $2.00 Unconfirmed $1.00",
  );
});

test("what needs a person is said first, with the way there", async () => {
  const { parts } = await live();
  const notes = textOf(parts["attention"] ?? "");
  expect(notes).toContain("1 video is unconfirmed");
  expect(notes).toContain("$1.00 at stake.");
  expect(notes).toContain("No worker is alive for archive, notify, sweep.");
  expect(notes).toContain("$4.00 of today's budget of $4.00 is used.");
  expect(parts["attention"]).toContain('href="/unconfirmed"');
});

test("a pause of submissions is said before all else, with who did it", async () => {
  await videos.ledger.submitSwitch.pause("ops");
  await untilTrue(async () => {
    const notes = textOf((await live()).parts["attention"] ?? "");
    return /^Submit is paused by ops since [\d.]+ s: nothing new is paid for/.test(notes) || notes;
  });
  await videos.ledger.submitSwitch.resume("ops");
});

test("an account tells its use, its limits, and what the controller does", async () => {
  const { parts, charts, nowMs } = await live();
  expect(textOf(parts["words-main"] ?? "")).toMatch(
    /^\d in flight, limit 5 \(fixed\) \d requests in the last/,
  );
  const [row] = charts["main"] ?? [];
  expect(row).toHaveLength(6);
  expect(nowMs - (row?.[0] ?? 0)).toBeLessThan(600_000);
  expect((await live(row?.[0])).charts["main"]).toEqual([]);
});

test("failures stand by class with their codes, and lead to a video", async () => {
  const { parts } = await live();
  expect(textOf(parts["failures"] ?? "")).toContain("provider fault 1 broken");
  expect(parts["failures"]).toContain('href="/videos/vid_b"');
  expect(textOf(parts["pace"] ?? "")).toContain("master-text-to-video 2");
});

test("a worker's roles are shown, a role without one is a problem, and what a worker says is text", async () => {
  const { parts } = await live();
  expect(textOf(parts["workers"] ?? "")).toMatch(/submit 1 here:1 poll 1 here:1 archive 0 nobody/);
  expect(JSON.stringify(parts)).not.toContain("<img");
});

test("while many look, Redis is asked once", async () => {
  await live();
  const before = await videos.redis.info("commandstats");
  await Promise.all(Array.from({ length: 20 }, () => live()));
  const callsOf = (stats: string): number => Number(/cmdstat_zcard:calls=(\d+)/.exec(stats)?.[1]);
  // One more picture at most, where the one before has just become too old: eight phases and the leases.
  expect(callsOf(await videos.redis.info("commandstats")) - callsOf(before)).toBeLessThanOrEqual(9);
});

test.each([
  ["an id of a video", "vid_a", "/videos/vid_a"],
  ["blanks around it", "  vid_a ", "/videos/vid_a"],
  ["an id of a task", "task-vid_d", "/videos/vid_d"],
])("search by %s leads to the video", async (_what, text, path) => {
  const answer = await rig.ask(`/find?q=${encodeURIComponent(text)}`, { cookie: viewer });
  expect([answer.status, answer.headers.get("location")]).toEqual([303, path]);
});

test("search by an idempotency key finds the video, and a text that is nothing's finds none", async () => {
  await videos.order("vid_keyed", { key: "order 4711" });
  const found = await rig.ask("/find?q=order%204711", { cookie: viewer });
  expect(found.headers.get("location")).toBe("/videos/vid_keyed");
  const none = await rig.ask(`/find?q=${encodeURIComponent(MARKUP)}`, { cookie: viewer });
  expect(none.status).toBe(404);
  expect(await none.text()).not.toContain("<img");
  await videos.ledger.cancel("vid_keyed");
});

test("the list shows the videos of a phase, newest first", async () => {
  const page = await (await rig.ask("/videos?phase=generating", { cookie: viewer })).text();
  expect(page).toContain("vid_d");
  expect(page).not.toContain("vid_a");
});

describe.skipIf(noChromium !== null)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(async () => await browser?.close());

  test("charts are drawn, counts change while the page is open, and nothing is refused or loaded from elsewhere", async () => {
    const { page, complaints } = await openAs(browser, rig, VIEWER);
    await page.goto(`${rig.url}/overview`);
    await page.locator(".chart canvas").nth(1).waitFor();
    const queued = page.locator(".phase.queued b");
    expect(await queued.textContent()).toBe("1");
    await videos.order("vid_later");
    await untilTrue(async () => (await queued.textContent()) === "2", { timeoutMs: 20_000 });
    expect(await page.evaluate("globalThis.wasRun")).toBeUndefined();
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("on a phone nothing is wider than the screen", async () => {
    const { page } = await openAs(browser, rig, VIEWER);
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ["/overview", "/videos", "/videos/vid_c", "/unconfirmed", "/audit"]) {
      await page.goto(rig.url + path);
      expect(await page.evaluate("document.documentElement.scrollWidth"), path).toBeLessThanOrEqual(390);
    }
    await page.close();
  });

  test("when the board does not answer, the page says that it is old", async () => {
    const { page } = await openAs(browser, rig, VIEWER);
    await page.goto(`${rig.url}/overview`);
    await page.route("**/overview/live*", (route) => route.abort());
    const warning = page.getByText("what is shown is old");
    await warning.waitFor({ state: "visible" });
    await page.unroute("**/overview/live*");
    await warning.waitFor({ state: "hidden" });
    expect(await page.locator(".phase").count()).toBe(8);
    await page.close();
  });
});

test("while Redis is away the page says so", async () => {
  await rig.redis.kill();
  await untilTrue(async () => (await rig.ask("/overview", { cookie: viewer })).status === 503);
  expect(await (await rig.ask("/overview", { cookie: viewer })).text()).toContain("Redis does not answer");
});
