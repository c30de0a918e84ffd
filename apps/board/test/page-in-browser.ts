import type { Browser, Page } from "playwright-core";
import type { BoardRig } from "./board-rig.ts";

/**
 * A page that somebody has logged in on, and what it complains of: errors, refused styles and scripts, requests to
 * elsewhere.
 */
export async function openAs(
  browser: Browser,
  rig: Pick<BoardRig, "url">,
  user: { name: string; password: string },
): Promise<{ page: Page; complaints: string[] }> {
  const complaints: string[] = [];
  const page = await browser.newPage();
  await page.goto(`${rig.url}/login`);
  await page.getByLabel("Name").fill(user.name);
  await page.getByLabel("Password").fill(user.password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${rig.url}/overview`);
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(rig.url) && !request.url().startsWith("data:"))
      complaints.push(request.url());
  });
  return { page, complaints };
}
