import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { argv } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { openChromium } from "@rushes/test-rig";
import type { Page } from "playwright-core";
import { startBoardProcess, type BoardProcess } from "./board-process.ts";
import { startSystem } from "./running-system.ts";

/**
 * Makes the pictures of docs/board.md: `node --conditions=source test/board-pictures.ts [DIRECTORY] [SECONDS]`. A system
 * on the sandbox works for so long, at ten times the speed of real life, and meets an account's limits, failures and lost answers.
 */
const [directory = "docs/board", seconds = "80"] = argv.slice(2);
const SPEED = 10;
const SCHEMES = ["light", "dark"] as const;
const DESK = { width: 1240, height: 800 };
const PHONE = { width: 390, height: 844 };

const ON_PHONE = ["overview", "unconfirmed"];
/** The others are told by their upper part. */
const FULL = ["overview", "video", "unconfirmed"];

const PROMPTS = [
  "A red fox runs through fresh snow at dawn, low camera close behind it",
  "Waves break against a lighthouse, slow motion, heavy sky",
  "A tram climbs a narrow street in Lisbon, golden hour",
  "Macro of a bee on lavender, shallow depth of field",
  "Neon rain on an empty crossing, reflections in the asphalt",
];
const IMAGE = { image_urls: ["https://pictures.example/start.jpg"] };
const INPUTS = [
  { mode: "master-text-to-video", duration: 5 },
  { mode: "standard-image-to-video", duration: 5, ...IMAGE },
  { mode: "master-text-to-video", duration: 10, aspect_ratio: "9:16" },
  { mode: "pro-image-to-video", duration: 10, ...IMAGE },
];

const scaled = (ms: number): string => String(ms / SPEED);
const system = await startSystem({
  sandbox: {
    ...{ speed: SPEED, seed: "pictures", concurrency: 14, ratePerWindow: 60, balanceUsd: 10_000 },
    faults: { "fail:Timeout": 0.05, "fail:SensitiveContent": 0.04, "submit:reset-after-accept": 0.025 },
  },
  environment: {
    ...{ LIMIT_CONCURRENCY: "", LIMIT_RATE: "", LIMIT_TIME_SCALE: String(1 / SPEED) },
    ...{ POLL_FIRST_MS: scaled(60_000), POLL_MIN_MS: scaled(5_000), POLL_MAX_MS: scaled(10_000) },
    ...{ RETRY_MIN_MS: "100", RETRY_MAX_MS: scaled(60_000), LATE_AFTER_MS: scaled(900_000) },
    BUDGET_USD_PER_DAY: "600",
  },
});
const enough = new AbortController();
let board: BoardProcess | undefined;
try {
  for (const ROLES of ["submit,sweep", "poll,archive", "poll,archive,notify"])
    await system.startWorker({ ROLES });
  board = await startBoardProcess(system);
  await mkdir(directory, { recursive: true });
  const ordering = orderOn(enough.signal);
  await Promise.race([ordering, sleep(Number(seconds) * 1_000)]);
  await takePictures(board);
  makeSmall();
  enough.abort();
  await ordering;
} finally {
  await board?.stop();
  await system.stop();
}

/** First a pile, then a steady stream that keeps some in line. */
async function orderOn(signal: AbortSignal): Promise<void> {
  for (let shot = 1; !signal.aborted; shot += 1) {
    await system.order(
      { ...INPUTS[shot % INPUTS.length], prompt: PROMPTS[shot % PROMPTS.length] },
      { metadata: { campaign: "autumn", shot } },
    );
    if (shot > 30) await sleep(900);
  }
}

async function newestOf(phase: string): Promise<string> {
  const answer = await fetch(`${system.api.url}/v1/videos?phase=${phase}&limit=5`);
  const { data } = (await answer.json()) as { data: { id: string }[] };
  const id = data.at(-1)?.id;
  if (id === undefined) throw new Error(`no video is ${phase}: try longer`);
  return id;
}

async function takePictures({ url, admin }: BoardProcess): Promise<void> {
  const browser = await openChromium();
  const [completed, unconfirmed] = [await newestOf("completed"), await newestOf("unconfirmed")];
  const pages: Record<string, string> = {
    overview: "/overview",
    video: `/videos/${completed}`,
    unconfirmed: `/videos/${unconfirmed}`,
    release: `/videos/${unconfirmed}/confirm/release`,
    videos: "/videos",
    lost: "/unconfirmed",
    audit: "/audit",
    queues: "/queues/queue/poll",
  };
  for (const scheme of SCHEMES)
    for (const [size, viewport] of [
      ["", DESK],
      ["-phone", PHONE],
    ] as const) {
      const context = await browser.newContext({ colorScheme: scheme, viewport });
      const page = await context.newPage();
      const shoot = async (name: string): Promise<void> => {
        await page.screenshot({
          path: `${directory}/${name}-${scheme}${size}.png`,
          fullPage: FULL.includes(name),
        });
      };
      await page.goto(`${url}/login`);
      if (viewport === DESK) await shoot("login");
      await page.getByLabel("Name").fill(admin.name);
      await page.getByLabel("Password").fill(admin.password);
      await page.getByRole("button").click();
      await page.waitForURL(`${url}/overview`);
      if (scheme === "light" && viewport === DESK) await act(page, url, completed);
      for (const [name, path] of Object.entries(pages)) {
        if (viewport === PHONE ? !ON_PHONE.includes(name) : name === "unconfirmed") continue;
        await page.goto(url + path);
        // Charts, the player's first frame and Bull Board's list come after the page.
        await sleep(2_500);
        await shoot(name);
      }
      await context.close();
    }
  await browser.close();
}

/** Fewer colours; the pictures are good without it, only larger. */
function makeSmall(): void {
  const files = readdirSync(directory).filter((name) => name.endsWith(".png"));
  const paths = files.map((name) => `${directory}/${name}`);
  spawnSync("pngquant", ["--force", "--ext", ".png", "--strip", "64", ...paths]);
}

/** Something for the audit log to tell. */
async function act(page: Page, url: string, completed: string): Promise<void> {
  const press = async (path: string, button: string): Promise<void> => {
    await page.goto(url + path);
    await page.getByRole("button", { name: button }).click();
    await page.waitForLoadState();
  };
  await press(`/videos/${await newestOf("generating")}`, "Poll now");
  await press(`/videos/${completed}`, "Archive again");
  await press(`/videos/${await newestOf("failed")}/confirm/order-again`, "Order again for");
}
