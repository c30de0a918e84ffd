import type { Browser, Page } from "playwright-core";
import { KEY_PREFIX } from "@rushes/ledger";
import { STAGES, type Stage } from "@rushes/pipeline";
import { openWakeQueues, type WakeQueues } from "@rushes/queue";
import { noChromium, openChromium, untilTrue } from "@rushes/test-rig";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startBoardProcess, type BoardProcess } from "./board-process.ts";
import { startSystem, type RunningSystem } from "./running-system.ts";

/** Buttons that change nothing in Redis, by picture or text. */
const HARMLESS = /panel-left|info|maximize|settings|circle-user|users|ellipsis|copy|rds-|tab:/;

/** Buttons beside a job, by picture. A new version of Bull Board with another one fails here, until it is pressed too. */
const JOB_BUTTONS = {
  promote: "corner-up-left",
  delay: "clock",
  priority: "arrow-up-down",
  duplicate: "files",
  "update-data": "pencil",
  retry: "refresh-cw",
  clean: "trash-2",
} as const;
type JobButton = keyof typeof JOB_BUTTONS;

const BULK_BUTTONS = ["Retry all", "Clean all", "Promote all"] as const;

/** What the menus offer: the one of all queues, then the one of a queue. The last word of the first list changes nothing. */
const MENU_OF_ALL = [/^Pause all$/, /^Resume all$/, /^Retry \d+ failed jobs in all queues$/, /^Sort by$/];
const MENU_OF_ONE = [
  /^Add job$/,
  /^Pause$/,
  /^Resume$/,
  /^Set concurrency$/,
  /^Set rate limit$/,
  /^Retry all \d+ failed jobs$/,
  /^Empty$/,
  /^Obliterate$/,
];

/** Each button once or more, where there is surely a job that has it: what is retried runs, and may be anywhere then. */
const PRESSES: [stage: Stage, status: string, button: JobButton | (typeof BULK_BUTTONS)[number]][] = [
  ["archive", "prioritized", "priority"],
  ["archive", "prioritized", "update-data"],
  ["archive", "prioritized", "duplicate"],
  ["archive", "prioritized", "clean"],
  ["archive", "completed", "Clean all"],
  ["poll", "delayed", "delay"],
  ["poll", "delayed", "promote"],
  ["poll", "delayed", "Promote all"],
  ["poll", "failed", "retry"],
  ["notify", "delayed", "promote"],
  ["poll", "failed", "Retry all"],
  ["submit", "failed", "duplicate"],
  ["submit", "completed", "duplicate"],
  ["submit", "completed", "clean"],
  ["submit", "completed", "retry"],
  ["submit", "completed", "Retry all"],
];

/** What pressing all of them must have sent. */
const SENT = [
  ...[
    "PATCH delay",
    "PATCH priority",
    "PATCH update-data",
    "POST add",
    "PUT clean",
    "PUT promote",
    "PUT retry",
  ],
  ...["PUT clean/completed", "PUT retry/completed", "PUT retry/failed"],
  ...["PUT concurrency", "PUT empty", "PUT obliterate", "PUT pause", "PUT rate-limit", "PUT resume"],
  ...["PUT rate-limit/release", "PUT job-schedulers/tick/run", "PATCH job-schedulers/tick"],
  "PUT job-schedulers/tick/remove",
];

describe.skipIf(noChromium !== null)("every button of Bull Board, on a system at work", () => {
  let system: RunningSystem;
  let board: BoardProcess | undefined;
  let browser: Browser;
  let page: Page;
  let queues = "";
  /** What the buttons have sent, without the names of queues and jobs. */
  const sent = new Set<string>();
  const refused: string[] = [];
  let obliterated = 0;
  let queuesInRedis: WakeQueues;

  beforeAll(async () => {
    system = await startSystem();
    queuesInRedis = openWakeQueues(system.inspect, KEY_PREFIX);
    // Long gaps between looks, so that running tasks have a delayed job most of the time.
    await system.startWorker({
      LIMIT_CONCURRENCY: "3",
      POLL_MIN_MS: "4000",
      POLL_MAX_MS: "4000",
      WEBHOOK_SECRET: `whsec_${Buffer.alloc(24).toString("base64")}`,
    });
    board = await startBoardProcess(system);
    queues = `${board.url}/queues`;
    browser = await openChromium();
    page = await browser.newPage();
    await page.goto(`${board.url}/login`);
    await page.getByLabel("Name").fill(board.admin.name);
    await page.getByLabel("Password").fill(board.admin.password);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.waitForURL("**/overview");
    page.setDefaultTimeout(10_000);
    page.on("response", (answer) => {
      const method = answer.request().method();
      const [, path] = /\/queues\/api\/queues\/(.*)$/.exec(answer.url()) ?? [];
      if (method === "GET" || path === undefined) return;
      sent.add(`${method} ${nameOf(path)}`);
      // A queue whose jobs run at this moment is not obliterated; whether one was is seen below.
      if (answer.status() >= 500 && !path.endsWith("/obliterate")) refused.push(`${method} ${path}`);
      if (answer.ok() && path.endsWith("/obliterate")) obliterated += 1;
    });
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await queuesInRedis?.close();
    await board?.stop();
    await system?.stop();
  });

  /** What is done, not to which queue or job. */
  function nameOf(path: string): string {
    const words = path.split("?")[0]?.split("/") ?? [];
    return words
      .filter((word) => /^[a-z-]+$/.test(word) && !STAGES.some((stage) => stage === word))
      .join("/");
  }

  async function open(
    path: string,
    landmark = page.locator("button:has(svg.lucide-ellipsis-vertical)"),
  ): Promise<void> {
    const listed = page.waitForResponse((answer) => answer.url().includes("/queues/api/queues?"));
    await page.goto(queues + path);
    await listed;
    await landmark.first().waitFor();
  }

  /** Agrees to what is asked after a press, and waits until Redis was told. */
  async function agree(): Promise<void> {
    const dialog = page.getByRole("dialog").or(page.getByRole("alertdialog")).last();
    await dialog.waitFor();
    for (const input of await dialog.locator("input[type=number]:visible").all()) await input.fill("1000");
    const name = dialog.locator("input[name=jobName]:visible");
    if ((await name.count()) > 0) await name.fill("by hand");
    const force = dialog.getByRole("checkbox");
    if ((await force.count()) > 0) await force.first().click();
    const answered = page.waitForResponse((answer) => answer.request().method() !== "GET");
    await dialog
      .getByRole("button", { name: /^(Confirm|Save|Duplicate|Update|Add|Set|Apply|Release)/ })
      .last()
      .click();
    await answered;
  }

  /** Fails when the page has a button that is not known here. */
  async function findUnknown(): Promise<void> {
    const pictures = await page.locator("button:visible").evaluateAll((buttons) =>
      buttons.map((button) => {
        const role = button.getAttribute("role") === "tab" ? "tab:" : "";
        return `${button.querySelector("svg")?.getAttribute("class") ?? ""} ${role}${button.textContent ?? ""}`;
      }),
    );
    const known = [...Object.values(JOB_BUTTONS).map((name) => `lucide-${name}`), ...BULK_BUTTONS];
    for (const picture of pictures) {
      if (HARMLESS.test(picture)) continue;
      expect(
        known.some((name) => picture.includes(name)),
        `an unknown button: ${picture}`,
      ).toBe(true);
    }
  }

  async function press([stage, status, button]: (typeof PRESSES)[number]): Promise<void> {
    await open(`/queue/${stage}?status=${status}`);
    const place =
      button in JOB_BUTTONS
        ? page
            .locator(`button:visible:has(svg.lucide-${JOB_BUTTONS[button as JobButton]})`)
            .filter({ hasNotText: / all/ })
        : page.getByRole("button", { name: button });
    await place.first().waitFor();
    await findUnknown();
    await place.first().click();
    await agree();
  }

  /** Presses these of a menu, one after the other; fails when the menu has one that is not known here. */
  async function pressInMenu(path: string, items: RegExp[]): Promise<void> {
    await open(path);
    const known = path === "" ? MENU_OF_ALL : MENU_OF_ONE;
    for (const item of items) {
      await page.locator("button:has(svg.lucide-ellipsis-vertical)").first().click();
      const menu = page.getByRole("menuitem");
      await menu.first().waitFor();
      for (const text of await menu.allTextContents())
        expect(
          known.some((one) => one.test(text)),
          `an unknown line in a menu: ${text}`,
        ).toBe(true);
      await menu.filter({ hasText: item }).first().click();
      await agree();
    }
  }

  /** Nothing here uses schedulers or a rate limit of BullMQ, but somebody may. */
  async function pressAtScheduler(): Promise<void> {
    await queuesInRedis.queues.submit.upsertJobScheduler("tick", { every: 3_600_000 }, { name: "tick" });
    await open("/job-schedulers", page.getByRole("button", { name: "Run now" }));
    for (const button of ["Run now", "Edit schedule", "Remove scheduler"]) {
      await page.getByRole("button", { name: button }).click();
      await agree();
    }
  }
  async function releaseRateLimit(): Promise<void> {
    await queuesInRedis.queues.poll.rateLimit(60_000);
    await open("/queue/poll");
    await page.locator("button:has(svg.lucide-gauge)").click();
    await agree();
  }

  const phaseOf = async (id: string): Promise<string> => (await system.get(id)).phase;
  const chargesFor = (prompt: string): number =>
    system.sandbox.bill().charges.filter((charge) => charge.prompt === prompt).length;

  test("are pressed, some twice, and nobody is charged for it", { timeout: 180_000, retry: 0 }, async () => {
    const prompts = {
      done: "a lake",
      failed: "a storm [[fail:CapacityExceeded]]",
      failedToo: "a gale [[fail:CapacityExceeded]]",
      failedThen: "a squall [[fail:CapacityExceeded]]",
      lost: "a fog [[submit:reset-after-accept]]",
      slow: "a glacier [[task:slow:1200000]]",
      slower: "an ice age [[task:slow:1200000]]",
      waiting: "a queue",
      stored: "a shelf",
    };
    // Nobody answers there, so that webhooks wait for their next try.
    const order = async (name: keyof typeof prompts): Promise<string> =>
      (await system.order({ prompt: prompts[name] }, { webhook_url: "https://127.0.0.1:1/" })).id;
    const untilPhases = async (wanted: Record<string, string>): Promise<void> => {
      const [ids, phases] = [Object.keys(wanted), Object.values(wanted).join()];
      await untilTrue(
        async () => {
          const found = (await Promise.all(ids.map(phaseOf))).join();
          return found === phases || found;
        },
        { timeoutMs: 45_000 },
      );
    };
    const failed = await order("failed");
    await untilPhases({ [await order("done")]: "completed", [failed]: "failed" });
    await pressInMenu("", [/^Retry/]);
    const [failedToo, failedThen, lost] = [
      await order("failedToo"),
      await order("failedThen"),
      await order("lost"),
    ];
    await untilPhases({ [failedToo]: "failed", [failedThen]: "failed", [lost]: "unconfirmed" });
    // A copy that waits has a priority, which can be changed.
    await pressInMenu("/queue/archive", [/^Pause/]);
    const stored = await order("stored");
    await untilPhases({ [stored]: "archiving" });
    const [slow, slower] = [await order("slow"), await order("slower")];
    await untilPhases({ [slow]: "generating", [slower]: "generating" });
    // The lost one holds the third place.
    const waiting = await order("waiting");
    const before = system.sandbox.bill().charges.length;

    for (const one of PRESSES) await press(one);
    const settings = [/^Add job/, /^Set concurrency/, /^Set rate limit/];
    await pressInMenu("/queue/archive", [/^Resume/, ...settings, /^Empty/]);
    await pressInMenu("/queue/submit", [...settings, /^Retry all/, /^Pause/, /^Empty/, /^Obliterate/]);
    await pressInMenu("/queue/poll", [...settings, /^Pause/, /^Obliterate/]);
    await pressInMenu("/queue/notify", [...settings, /^Pause/, /^Resume/, /^Empty/, /^Pause/, /^Obliterate/]);
    await pressAtScheduler();
    await releaseRateLimit();
    await pressInMenu("", [/^Pause all/, /^Resume all/]);

    expect(refused).toEqual([]);
    expect(obliterated).toBeGreaterThan(0);
    expect([...sent].toSorted()).toEqual(SENT.toSorted());
    // Nothing was pressed that only the sandbox could have noticed yet: those that wait have been submitted at most.
    expect(system.sandbox.bill().charges.length - before).toBeLessThanOrEqual(1);

    // Of a video in line that lost its turn the sweep takes notice within five minutes; they are over now.
    await system.inspect.zadd("{rushes}:due", "XX", 0, waiting);
    for (const id of [stored, slow, slower, waiting]) await system.untilEnded(id);
    expect(await phaseOf(lost)).toBe("unconfirmed");
    for (const id of [failed, failedToo, failedThen]) expect(await phaseOf(id)).toBe("failed");
    for (const prompt of Object.values(prompts)) expect(chargesFor(prompt), prompt).toBe(1);
    expect(system.sandbox.bill().charges).toHaveLength(Object.keys(prompts).length);
  });
});
