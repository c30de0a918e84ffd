import { confirm } from "./confirm.ts";
import type { OperateOptions } from "./operate-options.ts";
import { dollarText } from "./video-lines.ts";

/** Asks, if a person is there, and gives the video up. */
export async function writeOffVideo(
  { api, say, ...conversation }: OperateOptions,
  id: string,
  { isAgreed }: { isAgreed: boolean },
): Promise<number> {
  const { unconfirmed } = await api.fetchVideo(id);
  if (unconfirmed && !isAgreed) {
    const stake = dollarText(unconfirmed.at_stake_usd);
    const question = `${id} fails, and ${stake} that it may have cost are booked as spent. Write it off?`;
    if (!(await confirm(question, conversation))) {
      say("Nothing was changed.");
      return 1;
    }
  }
  const { cost, phase } = await api.writeOff(id);
  say(`Written off. ${id} is ${phase}, ${dollarText(cost.billed_usd)} are booked as spent.`);
  return 0;
}
