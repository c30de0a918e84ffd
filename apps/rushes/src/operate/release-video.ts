import { dollars, priceMicros } from "@rushes/pipeline";
import { UsageProblem } from "../usage-problem.ts";
import { confirm } from "./confirm.ts";
import type { OperateOptions } from "./operate-options.ts";
import { dollarText } from "./video-lines.ts";

/** Asks, if a person is there, and lets the video be charged once more on what was seen. */
export async function releaseVideo(
  { api, say, ...conversation }: OperateOptions,
  id: string,
  { maxCharges, isAgreed }: { maxCharges: number | undefined; isAgreed: boolean },
): Promise<number> {
  const video = await api.fetchVideo(id);
  const { unconfirmed, input } = video;
  const price = dollarText(dollars(priceMicros(input.mode, input.duration)));
  const most = Math.max(maxCharges ?? 0, unconfirmed?.max_charges ?? 0);
  // What cannot be released is the api's to say, before anybody is asked about money.
  if (unconfirmed && video.charges < most && !isAgreed) {
    const known = `${id} may have been charged ${dollarText(unconfirmed.at_stake_usd)} already.`;
    const question = `${known} Released, it costs another ${price}, and may be charged ${most} times in all. Release it?`;
    if (!(await confirm(question, conversation))) {
      say("Nothing was changed.");
      return 1;
    }
  }
  const released = await api.release(id, {
    attempts: unconfirmed?.attempts ?? 1,
    ...(maxCharges === undefined ? {} : { max_charges: maxCharges }),
  });
  say(`Released. ${id} is ${released.phase} and will be charged once more, ${price}.`);
  return 0;
}

/** @throws UsageProblem */
export function parseMaxCharges(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^([1-9]|10)$/.test(text)) throw new UsageProblem("--max-charges takes a whole number from 1 to 10.");
  return Number(text);
}
