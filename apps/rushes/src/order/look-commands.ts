import type { Command } from "../commands.ts";
import { EXIT } from "../exit-codes.ts";
import { overApi } from "../operate/over-api.ts";
import { overviewLines } from "../operate/overview-lines.ts";
import { statusLines } from "../operate/video-lines.ts";
import { watchOverview } from "../operate/watch-overview.ts";
import { untilInterrupted } from "../until-interrupted.ts";
import { askApi } from "./ask-api.ts";
import { countOf, TIMEOUT, timeoutMs } from "./count-flags.ts";
import { waitForAll } from "./order-videos.ts";

const ID = "vid_01kaz3m1s8q4n0w2c9e7h5r6t4";

/** How videos are, for those who named them, or how everything is, for operators. */
export const LOOK_COMMANDS: Readonly<Record<string, Command>> = {
  watch: {
    summary: "follow videos until they have ended; without one, the whole system until Ctrl-C",
    flags: { json: "as the api answers it, a line for each that ends, or for each change of the system" },
    more: "video",
    values: {
      timeout: TIMEOUT,
      every: { takes: "s", about: "the whole system: so often; 1 unless given. Needs an admin's key" },
    },
    examples: [`watch ${ID}`, "watch", "watch --every 60 >> rushes.log", "watch --json | jq -c .phases"],
    run: (flags, context, given) => {
      const asJson = flags["json"] === true;
      const ids = [...new Set(given.more)];
      const wish = { asJson, timeoutMs: timeoutMs(given) };
      const everyMs = countOf("every", given.values, 1) * 1000;
      if (ids.length > 0) return askApi(context, (asking) => waitForAll(asking, ids, wish));
      return overApi(context, (options) =>
        untilInterrupted((enough) => watchOverview(options, { asJson, everyMs, enough })),
      );
    },
  },
  status: {
    summary: "show videos; without one, how the whole system stands now, for which it takes an admin's key",
    flags: { json: "as the api answers it" },
    more: "video",
    examples: ["status", `status ${ID}`, `status ${ID} --json | jq -r .phase`],
    run: (flags, context, { more }) => {
      const tell = <Answer>(answer: Answer, lines: (answer: Answer) => string[]): string =>
        flags["json"] === true ? JSON.stringify(answer, null, 2) : lines(answer).join("\n");
      if (more.length === 0)
        return overApi(context, async ({ api, say }) => {
          say(tell(await api.fetchOverview(), overviewLines));
          return EXIT.ok;
        });
      return askApi(context, async ({ rushes, say }) => {
        for (const id of more) say(tell(await rushes.get(id), statusLines));
        return EXIT.ok;
      });
    },
  },
};
