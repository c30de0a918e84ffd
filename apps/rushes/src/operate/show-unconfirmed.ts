import { writeLines } from "../write-lines.ts";
import type { OperateOptions } from "./operate-options.ts";
import { dollarText, unconfirmedLine, UNCONFIRMED_HEADING } from "./video-lines.ts";

/** The table of unconfirmed videos, or with `json` each as the api answers it, one per line. */
export async function showUnconfirmed({ api, output, note }: OperateOptions, json: boolean): Promise<number> {
  let count = 0;
  let cents = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const video of api.listUnconfirmed()) {
      if (count === 0 && !json) yield UNCONFIRMED_HEADING;
      count += 1;
      cents += Math.round((video.unconfirmed?.at_stake_usd ?? 0) * 100);
      yield json ? JSON.stringify(video) : unconfirmedLine(video);
    }
  }
  await writeLines(output, lines());
  if (count === 0) note("No video is unconfirmed.");
  else
    note(
      `${count} unconfirmed, ${dollarText(cents / 100)} at stake. Each waits for adopt, release or write-off.`,
    );
  return 0;
}
