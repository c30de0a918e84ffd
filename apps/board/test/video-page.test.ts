import { expect, afterAll, beforeAll, describe, test } from "vitest";
import type { Browser } from "playwright-core";
import { openContentLinks, type ContentLinks } from "@rushes/video-store";
import {
  noChromium,
  openChromium,
  startTestS3,
  uniquePrefix,
  untilTrue,
  type TestS3,
} from "@rushes/test-rig";
import { openBoardLedger, type BoardLedger } from "./board-ledger.ts";
import { ADMIN, startBoardRig, VIEWER, type BoardRig } from "./board-rig.ts";
import { openAs } from "./page-in-browser.ts";

const MARKUP = '<img src=x onerror="globalThis.wasRun=1"></p><script>globalThis.wasRun=2</script>';

let s3: TestS3;
let links: ContentLinks;
let rig: BoardRig;
let videos: BoardLedger;
let admin: string;
let viewer: string;
const prefix = uniquePrefix("board");

beforeAll(async () => {
  s3 = await startTestS3();
  const { region, endpoint, credentials } = s3;
  links = openContentLinks({ region, endpoint, credentials, forcePathStyle: true }, 900);
  rig = await startBoardRig({
    prefix,
    contentLinks: links,
    bounds: { budgetMicros: 40_000_000, resultPlanMs: 86_400_000, resultLifeMs: 1_296_000_000 },
  });
  videos = openBoardLedger(rig.redis.url, prefix);
  [admin, viewer] = [await rig.logIn(ADMIN), await rig.logIn(VIEWER)];
});
afterAll(async () => {
  videos.close();
  await rig.stop();
  await s3.stop();
});

const show = async (id: string, cookie = viewer): Promise<string> =>
  await (await rig.ask(`/videos/${id}`, { cookie })).text();

const press = (
  id: string,
  verb: string,
  form: Record<string, string> = {},
  cookie = admin,
): Promise<Response> => rig.ask(`/videos/${id}/${verb}`, { method: "POST", cookie, form });

const phaseOf = async (id: string): Promise<string | undefined> =>
  (await videos.ledger.read(id))?.record.phase;

const auditOf = async (id: string): Promise<[string, string][]> =>
  (await videos.ledger.readAudit(1_000))
    .filter(({ videoId }) => videoId === id)
    .map(({ by, verb }) => [by, verb]);

const textOf = (html: string): string =>
  html
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll("&#39;", "'")
    .replaceAll(/\s+/g, " ");

/** The button of a confirmed verb, as its page offers it: what is sent along when it is pressed. */
async function confirmation(
  id: string,
  verb: string,
): Promise<{ page: string; form: Record<string, string> }> {
  const page = await (await rig.ask(`/videos/${id}/confirm/${verb}`, { cookie: admin })).text();
  const fields = page.matchAll(/<input\s+type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"/g);
  return { page, form: Object.fromEntries([...fields].map(([, name, value]) => [name, value])) };
}

describe("what is shown", () => {
  test("the way from the order to the file, each attempt with its money, and the file", async () => {
    await videos.completed("vid_done");
    const page = textOf(await show("vid_done"));
    for (const words of [
      "Ordered",
      "Attempt 1 is written down, to be submitted at account main",
      "Attempt 1 was accepted: task task-vid_done",
      "The task has succeeded",
      "Every file is in the bucket",
      "ended ok followed main task-vid_done",
      "$1.00 billed",
      "s3://films/vid_done.mp4",
      "1 of at most 1 charges",
    ])
      expect(page).toContain(words);
  });

  test("jobs that still exist are linked", async () => {
    await videos.order("vid_jobs");
    const jobId = await rig.addJob("submit", "vid_jobs");
    expect(await show("vid_jobs")).toContain(`href="/queues/queue/submit/${jobId}"`);
    await videos.ledger.cancel("vid_jobs");
  });

  test("markup in a prompt, a task's name and an error is text", async () => {
    await videos.order("vid_markup", { prompt: MARKUP });
    const page = await show("vid_markup");
    expect(page).toContain("&lt;img src=x");
    expect(page).not.toContain("<img");
    expect(page).not.toMatch(/<script>|onerror="/);
    await videos.ledger.cancel("vid_markup");
  });

  test("no secret of an attempt is on the page", async () => {
    const { secret } = await videos.generating("vid_secret");
    expect(secret.length).toBeGreaterThan(20);
    expect(await show("vid_secret", admin)).not.toContain(secret);
  });

  test("a video that is not there is 404", async () => {
    const answer = await rig.ask("/videos/vid_nobody", { cookie: viewer });
    expect(answer.status).toBe(404);
    expect((await press("vid_nobody", "poll")).status).toBe(404);
  });

  test("the player's link is signed, leads to the bucket, and is the only other place that the page may load from", async () => {
    await s3.putObject("vid_film.mp4", Buffer.from("a film"));
    await videos.completed("vid_film", { bucket: s3.bucket, key: "vid_film.mp4" });
    const page = await rig.ask("/videos/vid_film", { cookie: viewer });
    expect(page.headers.get("content-security-policy")).toContain(
      `media-src 'self' ${new URL(s3.endpoint).origin};`,
    );
    const redirect = await rig.ask("/videos/vid_film/content", { cookie: viewer });
    expect(redirect.status).toBe(302);
    const file = await fetch(redirect.headers.get("location") ?? "");
    expect(await file.text()).toBe("a film");
  });

  test("of a video without a file there is no content", async () => {
    await videos.order("vid_empty");
    expect((await rig.ask("/videos/vid_empty/content", { cookie: viewer })).status).toBe(404);
    await videos.ledger.cancel("vid_empty");
  });
});

const VERBS = ["poll", "rearchive", "adopt", "release", "write-off", "cancel", "order-again"];

describe("who may act", () => {
  beforeAll(async () => {
    await videos.unconfirmed("vid_guarded");
  });

  test("a viewer is shown no verb", async () => {
    const page = await show("vid_guarded");
    expect(page).not.toContain("<form method=");
    expect(page).not.toContain("/confirm/");
    const confirm = await rig.ask("/videos/vid_guarded/confirm/release", { cookie: viewer });
    expect(await confirm.text()).not.toContain('method="post"');
  });

  test.each(VERBS)("a viewer's %s is refused and changes nothing", async (verb) => {
    const form = { attempts: "1", max_charges: "2", task_id: "task-x", key: "x" };
    expect((await press("vid_guarded", verb, form, viewer)).status).toBe(403);
    expect(await phaseOf("vid_guarded")).toBe("unconfirmed");
    expect(await auditOf("vid_guarded")).toEqual([]);
  });

  test.each(VERBS)("an admin's %s from another site's page, or from nowhere, is refused", async (verb) => {
    const request = { method: "POST", cookie: admin, form: { attempts: "1", max_charges: "2", key: "x" } };
    const path = `/videos/vid_guarded/${verb}`;
    for (const headers of [{ origin: "https://evil.example" }, { "sec-fetch-site": "cross-site" }])
      expect((await rig.ask(path, { ...request, headers })).status).toBe(403);
    expect((await rig.ask(path, { ...request, isMute: true })).status).toBe(403);
    expect(await phaseOf("vid_guarded")).toBe("unconfirmed");
  });

  test("opening a verb's address, as a link in a mail would, does nothing", async () => {
    for (const verb of VERBS)
      expect((await rig.ask(`/videos/vid_guarded/${verb}`, { cookie: admin })).status).toBe(404);
    expect(await phaseOf("vid_guarded")).toBe("unconfirmed");
  });
});

describe("the verbs, each in the audit log with the person's name", () => {
  test("poll now makes the next look due", async () => {
    await videos.generating("vid_poll");
    const answer = await press("vid_poll", "poll");
    expect([answer.status, answer.headers.get("location")]).toEqual([303, "/videos/vid_poll?done=poll"]);
    const { record } = (await videos.ledger.read("vid_poll")) ?? {};
    expect((record?.dueMs ?? 0) - (await videos.ledger.readTime())).toBeLessThanOrEqual(10_000);
    expect(await rig.stateOf("poll", `vid_poll.poll.${record?.wake}`)).toBe("waiting");
    expect(await auditOf("vid_poll")).toEqual([["ada", "poll"]]);
  });

  test("cancel ends what was not submitted", async () => {
    await videos.order("vid_cancel");
    expect((await confirmation("vid_cancel", "cancel")).page).toContain("Nothing was charged yet");
    expect((await press("vid_cancel", "cancel")).status).toBe(303);
    expect(await phaseOf("vid_cancel")).toBe("cancelled");
    expect(await auditOf("vid_cancel")).toEqual([["ada", "cancel"]]);
  });

  test("adopt notes the task for the provider to be asked", async () => {
    await videos.unconfirmed("vid_adopt");
    expect((await press("vid_adopt", "adopt", { task_id: " task-4711 " })).status).toBe(303);
    expect(textOf(await show("vid_adopt"))).toContain("task-4711 : the provider is asked");
    expect(await auditOf("vid_adopt")).toEqual([["ada", "adopt"]]);
  });

  test("release says what it costs, and lets it be charged once more", async () => {
    await videos.unconfirmed("vid_release", { duration: 10 });
    const { page, form } = await confirmation("vid_release", "release");
    expect(textOf(page)).toContain("second charge of $2.00");
    expect(form).toEqual({ attempts: "1", max_charges: "2" });
    expect((await press("vid_release", "release", form)).status).toBe(303);
    expect((await videos.ledger.read("vid_release"))?.record).toMatchObject({
      phase: "queued",
      maxCharges: 2,
    });
    expect(await auditOf("vid_release")).toEqual([["ada", "release"]]);

    const again = await press("vid_release", "release", form);
    expect(again.status).toBe(409);
    expect(textOf(await again.text())).toContain("not unconfirmed. There is nothing to release.");
    await videos.leaveLine("vid_release");
  });

  test.each([
    ["nothing", {}],
    ["an older state", { attempts: "7", max_charges: "2" }],
    ["more charges than were asked about", { attempts: "1", max_charges: "9" }],
  ])("a release that confirms %s changes nothing", async (what, form) => {
    const id = `vid_${what.replaceAll(" ", "_")}`;
    await videos.unconfirmed(id);
    expect((await press(id, "release", form)).status).toBe(409);
    expect((await videos.ledger.read(id))?.record).toMatchObject({ phase: "unconfirmed", maxCharges: 1 });
    expect(await auditOf(id)).toEqual([]);
  });

  test("write-off gives it up, and the money counts as spent", async () => {
    await videos.unconfirmed("vid_off");
    expect((await press("vid_off", "write-off")).status).toBe(303);
    expect((await videos.ledger.read("vid_off"))?.record).toMatchObject({
      phase: "failed",
      billedMicros: 1_000_000,
    });
    expect(await auditOf("vid_off")).toEqual([["ada", "write-off"]]);
  });

  test("rearchive has the files of a completed video fetched again", async () => {
    await videos.completed("vid_again");
    expect((await press("vid_again", "rearchive")).status).toBe(303);
    expect(textOf(await show("vid_again"))).toContain("ada wants the files archived again");
    expect(await auditOf("vid_again")).toEqual([["ada", "rearchive"]]);
  });

  test("a verb that does not fit says why and changes nothing", async () => {
    await videos.completed("vid_unfit");
    for (const [verb, words] of [
      ["poll", "it follows no running task"],
      ["cancel", "it can no longer be cancelled"],
      ["write-off", "There is nothing to write off"],
    ] as const) {
      const answer = await press("vid_unfit", verb);
      expect(answer.status).toBe(409);
      expect(textOf(await answer.text())).toContain(words);
    }
    expect(await auditOf("vid_unfit")).toEqual([]);
  });

  test("the audit page tells all of it", async () => {
    const page = textOf(await (await rig.ask("/audit", { cookie: viewer })).text());
    expect(page).toMatch(/ada write-off vid_off/);
    expect(page).toMatch(/ada release vid_release max charges before 1 max charges 2/);
  });
});

describe("order again", () => {
  test("is a new video of the same input for the same caller, charged once at most; a second press is the same order", async () => {
    await videos.failed("vid_lost", "broken");
    const { page, form } = await confirmation("vid_lost", "order-again");
    expect(textOf(page)).toContain("Order again for $1.00?");
    const first = await press("vid_lost", "order-again", form);
    const second = await press("vid_lost", "order-again", form);
    expect(first.status).toBe(303);
    const place = first.headers.get("location") ?? "";
    expect(second.headers.get("location")).toBe(place);
    const id = /\/videos\/(vid_\w+)\?done=order-again/.exec(place)?.[1] ?? "";
    const { record, order } = (await videos.ledger.read(id)) ?? {};
    expect(record).toMatchObject({ phase: "queued", owner: "anna", maxCharges: 1 });
    expect(order?.input).toEqual((await videos.ledger.read("vid_lost"))?.order.input);
    expect(await rig.stateOf("submit", `${id}.submit.1`)).toBe("waiting");
    expect(new Set((await auditOf("vid_lost")).map(String))).toEqual(new Set(["ada,order-again"]));
    await videos.ledger.cancel(id);
  });

  test("without its confirmation nothing is ordered", async () => {
    await videos.failed("vid_bare", "broken");
    expect((await press("vid_bare", "order-again")).status).toBe(409);
    expect(await auditOf("vid_bare")).toEqual([]);
  });

  test("the day's budget holds here too", async () => {
    await videos.failed("vid_dear", "broken");
    const today = Math.floor((await videos.ledger.readTime()) / 86_400_000);
    await videos.redis.hset(`${prefix}:spend:${today}`, "billed", 39_500_000, "reserved", 0);
    const { form } = await confirmation("vid_dear", "order-again");
    const answer = await press("vid_dear", "order-again", form);
    expect(answer.status).toBe(409);
    expect(textOf(await answer.text())).toContain("Today's budget has less than $1.00 left.");
    await videos.redis.hset(`${prefix}:spend:${today}`, "billed", 0);
  });

  test("while Redis may lose what it is told, nothing is ordered", async () => {
    await videos.failed("vid_unsafe", "broken");
    const other = await startBoardRig({ durability: { durability: "always", isConfirmed: false } });
    const own = openBoardLedger(other.redis.url, other.prefix);
    await own.failed("vid_unsafe", "broken");
    const cookie = await other.logIn(ADMIN);
    const answer = await other.ask("/videos/vid_unsafe/order-again", {
      method: "POST",
      cookie,
      form: { key: "k" },
    });
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain("Redis is not known to be safe for orders");
    own.close();
    await other.stop();
  });
});

describe.skipIf(noChromium !== null)("in a browser", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openChromium();
  });
  afterAll(async () => await browser?.close());

  test("an admin releases a video: finds it, reads what it costs, and confirms", async () => {
    await videos.unconfirmed("vid_pressed", { prompt: MARKUP });
    const { page, complaints } = await openAs(browser, rig, ADMIN);
    await page.getByRole("searchbox", { name: "Find a video" }).fill("vid_pressed");
    await page.keyboard.press("Enter");
    await page.waitForURL(`${rig.url}/videos/vid_pressed`);
    await page.getByRole("link", { name: "Release…" }).click();
    await page.getByRole("button", { name: "Submit again for $1.00" }).click();
    await page.getByRole("status").getByText("Released: it stands in line").waitFor();
    expect(await phaseOf("vid_pressed")).toBe("queued");
    expect(await page.evaluate("globalThis.wasRun")).toBeUndefined();
    expect(complaints).toEqual([]);
    await page.close();
    await videos.leaveLine("vid_pressed");
  });

  test("every verb has its button, and pressing each does what it says", async () => {
    await videos.generating("vid_button_poll");
    await videos.completed("vid_button_rearchive");
    await videos.unconfirmed("vid_button_adopt");
    await videos.unconfirmed("vid_button_write");
    await videos.order("vid_button_cancel");
    const { page } = await openAs(browser, rig, ADMIN);
    const said = page.getByRole("status");

    await page.goto(`${rig.url}/videos/vid_button_poll`);
    await page.getByRole("button", { name: "Poll now" }).click();
    await said.getByText("The next look at the task is now.").waitFor();

    await page.goto(`${rig.url}/videos/vid_button_rearchive`);
    await page.getByRole("button", { name: "Archive again" }).click();
    await said.getByText("Noted").waitFor();

    await page.goto(`${rig.url}/videos/vid_button_adopt`);
    await page.getByLabel("Task at the provider").fill("task-9");
    await page.getByRole("button", { name: "Adopt" }).click();
    await said.getByText("Noted").waitFor();

    await page.goto(`${rig.url}/videos/vid_button_write`);
    await page.getByRole("link", { name: "Write off…" }).click();
    await page.getByRole("button", { name: "Write off" }).click();
    await said.getByText("Written off").waitFor();

    await page.goto(`${rig.url}/videos/vid_button_cancel`);
    await page.getByRole("link", { name: "Cancel…" }).click();
    await page.getByRole("button", { name: "Cancel the video" }).click();
    await said.getByText("Cancelled").waitFor();

    await page.getByRole("link", { name: "Order again…" }).click();
    await page.getByRole("button", { name: "Order again for $1.00" }).click();
    await said.getByText("Ordered again: this is the new video.").waitFor();
    await untilTrue(async () => (await auditOf("vid_button_cancel")).length === 2);
    await page.close();
  });

  test("a viewer sees the video and nothing to press", async () => {
    const { page, complaints } = await openAs(browser, rig, VIEWER);
    await page.goto(`${rig.url}/videos/vid_film`);
    await page.locator("video").waitFor();
    expect(await page.locator("main button, main form, main a.button").count()).toBe(0);
    // The file of this test is no film, and it is fetched from the bucket.
    expect(complaints.filter((line) => !line.startsWith(s3.endpoint))).toEqual([]);
    await page.close();
  });
});
