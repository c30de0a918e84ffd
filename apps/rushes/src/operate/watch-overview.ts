import { setTimeout as pause } from "node:timers/promises";
import { EXIT } from "../exit-codes.ts";
import { openScreen } from "../screen.ts";
import { writeLines } from "../write-lines.ts";
import type { ApiOverview } from "./api-overview.ts";
import type { OperateOptions } from "./operate-options.ts";
import { OperatorProblem } from "./operator-api.ts";
import { overviewLine, overviewLines, sum } from "./overview-lines.ts";

export type WatchWish = {
  asJson: boolean;
  everyMs: number;
  /** Aborted when the person has seen enough. */
  enough: AbortSignal;
};

/** A look at the api, or why there was none. */
type Look = { overview: ApiOverview } | { problem: OperatorProblem };

/** Shows how all stands, again and again, until the person has seen enough. */
export async function watchOverview(options: OperateOptions, wish: WatchWish): Promise<number> {
  const { output } = options;
  if (output.isTTY === true && !wish.asJson) await drawLooks(options, wish);
  else await writeLines(output, linesOf(options, wish));
  return EXIT.ok;
}

/**
 * One look after the other. What is wrong at the first ends it; later an api that does not answer for a while is
 * waited for, since whoever watches wants to see it come back.
 */
async function* looks({ api }: OperateOptions, { everyMs, enough }: WatchWish): AsyncGenerator<Look> {
  for (let isFirst = true; !enough.aborted; isFirst = false) {
    let look: Look;
    try {
      look = { overview: await api.fetchOverview(enough) };
    } catch (error) {
      if (enough.aborted) return;
      if (isFirst || !(error instanceof OperatorProblem) || !error.isOpen) throw error;
      look = { problem: error };
    }
    yield look;
    await pause(everyMs, undefined, { signal: enough }).catch(() => {});
  }
}

async function drawLooks(options: OperateOptions, wish: WatchWish): Promise<void> {
  const screen = openScreen(options.output);
  let last: string[] = [];
  try {
    for await (const look of looks(options, wish)) {
      if ("overview" in look) {
        last = overviewLines(look.overview);
        const time = new Date(look.overview.at * 1000).toISOString().slice(11, 19);
        screen.draw([`Rushes  ${time} UTC  (Ctrl-C ends)`, "", ...last]);
      } else screen.draw([`${look.problem.message} It is asked again.`, "", ...last]);
    }
  } finally {
    screen.close();
  }
}

/** A line for each look that shows something new. */
async function* linesOf(options: OperateOptions, wish: WatchWish): AsyncGenerator<string> {
  let before = "";
  for await (const look of looks(options, wish)) {
    if ("problem" in look) {
      if (before !== look.problem.message) options.note(look.problem.message);
      before = look.problem.message;
      continue;
    }
    const { at, ...rest } = look.overview;
    const now = wish.asJson ? JSON.stringify(rest) : sum(look.overview);
    if (now !== before) yield wish.asJson ? JSON.stringify({ at, ...rest }) : overviewLine(look.overview);
    before = now;
  }
}
