import { existsSync } from "node:fs";
import type { Browser } from "playwright-core";

/** Where Debian puts it. */
const PROGRAM = "/usr/bin/chromium";

/** Quiet, without a screen, and without calls to its maker. */
const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Null when this machine has no Chromium; tests say so and are left out then. */
export const noChromium = existsSync(PROGRAM)
  ? null
  : `${PROGRAM} is not there (on Debian: apt-get install chromium)`;

export async function openChromium(): Promise<Browser> {
  // Most tests need no browser, and loading what drives one takes long.
  const { chromium } = await import("playwright-core");
  return await chromium.launch({ executablePath: PROGRAM, args: ARGUMENTS });
}
