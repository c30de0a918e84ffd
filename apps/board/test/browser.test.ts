import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noChromium, openChromium, untilTrue } from "@rushes/test-rig";
import { ADMIN, startBoardRig, VIEWER, type BoardRig } from "./board-rig.ts";

if (noChromium) process.stderr.write(`The board is not tried in a browser: ${noChromium}\n`);

const MARKUP = '<img src=x onerror="globalThis.wasRun=1"><script>globalThis.wasRun=2</script>';

let rig: BoardRig;
let browser: Browser;
/** What pages complained of: errors, refused styles and scripts, requests to elsewhere. */
let complaints: string[];

beforeAll(async () => {
  if (noChromium) return;
  rig = await startBoardRig();
  browser = await openChromium();
});
afterAll(async () => {
  await browser?.close();
  await rig?.stop();
});

async function openPage(): Promise<Page> {
  complaints = [];
  const page = await browser.newPage();
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(rig.url) && !request.url().startsWith("data:"))
      complaints.push(request.url());
  });
  return page;
}

async function logIn(page: Page, user: { name: string; password: string }): Promise<void> {
  await page.goto(rig.url);
  await page.getByLabel("Name").fill(user.name);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${rig.url}/overview`);
}

/** Bull Board's buttons on a job have a picture and no name. */
const PICTURES = { retry: "lucide-refresh-cw", promote: "lucide-corner-up-left", clean: "lucide-trash-2" };

/** Buttons in the page of somebody who only looks: who works here, what is known of a queue, a menu, tabs, copying, counts. */
const LOOKING = /^lucide-(users|info|ellipsis-vertical|copy)$|^tab$|^\d+ Jobs?$/;

/** Opens a job, presses one of its buttons and agrees when asked whether to. */
async function press(page: Page, queue: string, jobId: string, button: keyof typeof PICTURES): Promise<void> {
  await page.goto(`${rig.url}/queues/queue/${queue}/${jobId}`);
  await page.locator(`button:has(svg.${PICTURES[button]})`).click();
  await page.getByRole("button", { name: "Confirm" }).click();
}

describe.skipIf(noChromium !== null)("in a browser", () => {
  test("a person logs in, is told when the password is wrong, and logs out again", async () => {
    const page = await openPage();
    await page.goto(`${rig.url}/queues/queue/poll`);
    await page.getByLabel("Name").fill(VIEWER.name);
    await page.getByLabel("Password").fill("a wrong password");
    await page.getByRole("button", { name: "Log in" }).click();
    expect(await page.getByRole("alert").textContent()).toBe("This name and password do not match.");

    await page.getByLabel("Name").fill(VIEWER.name);
    await page.getByLabel("Password").fill(VIEWER.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL(`${rig.url}/queues/queue/poll`);

    await page.locator("button:has(svg.lucide-circle-user)").click();
    await page.getByText("Log out").click();
    await page.waitForURL(`${rig.url}/logout`);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.waitForURL(`${rig.url}/login`);
    await page.goto(`${rig.url}/queues`);
    expect(page.url()).toBe(`${rig.url}/login?next=%2Fqueues`);
    await page.close();
  });

  test("an admin sees every queue and what a job is about, and nothing is loaded from elsewhere", async () => {
    const jobId = await rig.addJob("poll", "vid_seen", { delayMs: 3_600_000 });
    const page = await openPage();
    await logIn(page, ADMIN);
    await page.goto(`${rig.url}/queues`);
    for (const stage of ["submit", "poll", "archive", "notify"]) {
      await page.getByRole("link", { name: stage, exact: true }).first().waitFor();
    }
    await page.getByRole("link", { name: "poll", exact: true }).first().click();
    await page.getByText("vid_seen · master-text-to-video · 10 s").waitFor();
    await page.getByText("A harbour at dawn").waitFor();
    await page.getByText("task-4711").waitFor();

    const link = page.getByRole("link", { name: "Open the video" });
    expect(await link.getAttribute("href")).toBe("/videos/vid_seen");
    await page.getByRole("link", { name: jobId }).click();
    await page.waitForURL(`${rig.url}/queues/queue/poll/${jobId}**`);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("markup in a prompt and in an error is shown as text and never run", async () => {
    const jobId = await rig.addJob("archive", "vid_markup", { about: { prompt: MARKUP } });
    await rig.runJobs("archive", 1, () => ({ kind: "give-up", reason: `no: ${MARKUP}` }));
    const page = await openPage();
    await logIn(page, ADMIN);
    await page.goto(`${rig.url}/queues/queue/archive/${jobId}`);
    await page.getByText("no: <img src=x").first().waitFor();
    await page.getByText("Data", { exact: true }).click();
    await page.getByText("<script>globalThis.wasRun=2").first().waitFor();

    expect(await page.evaluate("globalThis.wasRun")).toBeUndefined();
    expect(await page.locator("img[src=x]").count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  test("an admin promotes, retries and cleans jobs with the buttons", async () => {
    const delayed = await rig.addJob("notify", "vid_delayed", { delayMs: 3_600_000 });
    const failed = await rig.addJob("submit", "vid_failed");
    await rig.runJobs("submit", 1, () => ({ kind: "give-up", reason: "no" }));
    const page = await openPage();
    await logIn(page, ADMIN);

    await press(page, "notify", delayed, "promote");
    await untilTrue(async () => (await rig.stateOf("notify", delayed)) === "waiting");
    await press(page, "submit", failed, "retry");
    await untilTrue(async () => (await rig.stateOf("submit", failed)) === "waiting");
    await press(page, "submit", failed, "clean");
    await untilTrue(async () => (await rig.stateOf("submit", failed)) === "unknown");
    await page.close();
  });

  test("a viewer sees the same jobs without a button that changes something, on any page", async () => {
    const jobId = await rig.addJob("notify", "vid_viewed", { delayMs: 3_600_000 });
    const page = await openPage();
    await logIn(page, VIEWER);
    await page.goto(`${rig.url}/queues/queue/notify/${jobId}`);
    await page.getByText("vid_viewed · master-text-to-video · 10 s").waitFor();
    for (const path of [
      `/queue/notify/${jobId}`,
      "/queue/notify?status=delayed",
      "/queue/archive?status=failed",
      "/",
    ]) {
      await page.goto(`${rig.url}/queues${path}`);
      await page.locator("main").locator("svg.lucide-users, [role=tab]").first().waitFor();
      const offered = await page.locator("main button:visible").evaluateAll((buttons) =>
        buttons.map((button) => {
          const picture = /lucide-[\w-]+/.exec(button.querySelector("svg")?.getAttribute("class") ?? "")?.[0];
          return (
            button.getAttribute("role") ?? picture ?? button.getAttribute("aria-label") ?? button.textContent
          );
        }),
      );
      expect(offered.length).toBeGreaterThan(0);
      expect(
        offered.filter((button) => !LOOKING.test(button)),
        path,
      ).toEqual([]);
    }
    await page.locator("button:has(svg.lucide-ellipsis-vertical)").click();
    await page.getByRole("menuitem").first().waitFor();
    expect(await page.getByRole("menuitem").allTextContents()).toEqual(["Sort by"]);
    expect(complaints).toEqual([]);
    await page.close();
  });
});
