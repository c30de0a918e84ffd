import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createLedger, type Ledger } from "@rushes/ledger";
import { orderSchema } from "@rushes/pipeline";
import { noChromium, openChromium, uniquePrefix, untilTrue } from "@rushes/test-rig";
import { ADMIN, startBoardRig, VIEWER, type BoardRig } from "./board-rig.ts";

const MARKUP = '<img src=x onerror="globalThis.wasRun=1"><script>globalThis.wasRun=2</script>';

let rig: BoardRig;
let redis: Redis;
let ledger: Ledger;
let viewer: string;

beforeAll(async () => {
  const prefix = uniquePrefix("board");
  rig = await startBoardRig({ prefix });
  redis = new Redis(rig.redis.url);
  redis.on("error", () => {});
  ledger = createLedger(redis, prefix, {
    budgetMicros: null,
    leaseMaxMs: 3_600_000,
    submitDeadlineMs: 3_600_000,
    billFailedTasks: false,
  });
  viewer = await rig.logIn(VIEWER);
});
afterAll(async () => {
  redis.disconnect();
  await rig.stop();
});

async function unconfirmed(id: string, prompt: string, duration = 5): Promise<void> {
  const order = orderSchema.parse({ input: { mode: "master-text-to-video", prompt, duration } });
  await ledger.admit({ videoId: id, owner: "anna", idempotencyKey: null, order });
  const claim = await ledger.claimSubmission([{ name: "main", concurrency: 99, rate: 1_000_000 }]);
  if (claim.kind !== "claimed") throw new Error(`expected a claim, got ${claim.kind}`);
  await ledger.learnAnswer(claim, { fact: "unknown" });
}

const pageFor = async (cookie: string): Promise<string> =>
  await (await rig.ask("/unconfirmed", { cookie })).text();

test("without a login the page leads to it", async () => {
  const answer = await rig.ask("/unconfirmed", { headers: { accept: "text/html" } });
  expect([answer.status, answer.headers.get("location")]).toEqual([303, "/login?next=%2Funconfirmed"]);
});

test("says that nothing waits where nothing does", async () => {
  expect(await pageFor(viewer)).toContain("No video is unconfirmed");
});

describe("with unconfirmed videos", () => {
  beforeAll(async () => {
    await unconfirmed("vid_first", `A harbour ${MARKUP}`);
    await unconfirmed("vid_second", "A lake", 10);
    await ledger.requestAdoption("vid_second", "task-4711", "ops");
  });

  test("a viewer sees each, longest first, with its dollars, account, task and what to do", async () => {
    const answer = await rig.ask("/unconfirmed", { cookie: viewer });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-security-policy")).toMatch(/^default-src 'none'; script-src 'self';/);
    const page = await answer.text();
    expect(page).toContain("2 videos wait, $3.00 at stake");
    expect(page.indexOf("vid_first")).toBeLessThan(page.indexOf("vid_second"));
    expect(page).toContain('href="/videos/vid_first"');
    expect(page).toContain("task-4711</code>: the provider is asked");
    for (const word of ["$1.00", "$2.00", "main", "rushes adopt", "rushes release", "rushes write-off"]) {
      expect(page).toContain(word);
    }
  });

  test("a prompt with markup is text", async () => {
    const page = await pageFor(viewer);
    expect(page).not.toContain("<img");
    expect(page).not.toContain("<script>");
    expect(page).toContain("A harbour &lt;img src=x");
  });

  test.skipIf(noChromium !== null)("a browser shows the table, and finds it from the queues", async () => {
    const browser = await openChromium();
    try {
      const page = await browser.newPage();
      const complaints: string[] = [];
      page.on("console", (message) => complaints.push(message.text()));
      await page.goto(`${rig.url}/login?next=/queues`);
      await page.getByLabel("Name").fill(ADMIN.name);
      await page.getByLabel("Password").fill(ADMIN.password);
      await page.getByRole("button", { name: "Log in" }).click();
      await page.waitForURL(`${rig.url}/queues`);
      await page.locator("button:has(svg.lucide-circle-user)").click();
      await page.getByText("Unconfirmed videos").click();
      await page.waitForURL(`${rig.url}/unconfirmed`);
      await page.getByRole("cell", { name: "A harbour" }).waitFor();
      expect(await page.getByRole("row").count()).toBe(3);
      expect(await page.evaluate("globalThis.wasRun")).toBeUndefined();
      expect(complaints).toEqual([]);
    } finally {
      await browser.close();
    }
  });

  test("what is settled leaves the list", async () => {
    await ledger.writeOff("vid_second", "ops");
    const page = await pageFor(viewer);
    expect(page).toContain("1 video waits, $1.00 at stake");
    expect(page).not.toContain("vid_second");
  });

  test("while Redis is away the page says so", async () => {
    await rig.redis.kill();
    await untilTrue(async () => (await rig.ask("/unconfirmed", { cookie: viewer })).status === 503);
    expect(await pageFor(viewer)).toContain("Redis does not answer");
  });
});
