import type { Command } from "../commands.ts";
import { adoptTask } from "./adopt-task.ts";
import { limitsCommands } from "./limits-commands.ts";
import { overApi } from "./over-api.ts";
import { rearchiveVideo } from "./rearchive-video.ts";
import { parseMaxCharges, releaseVideo } from "./release-video.ts";
import { showUnconfirmed } from "./show-unconfirmed.ts";
import { SUBMIT_COMMANDS } from "./submit-commands.ts";
import { writeOffVideo } from "./write-off-video.ts";

const YES = "do not ask, also at a terminal";
const ID = "vid_01kaz3m1s8q4n0w2c9e7h5r6t4";

/** What operators do about videos, over HTTP: RUSHES_URL says where, RUSHES_API_KEY is an admin's key. */
export const OPERATOR_COMMANDS: Readonly<Record<string, Command>> = {
  unconfirmed: {
    summary: "list the videos whose answer was lost, and what is at stake",
    flags: { json: "as the api answers it, one video per line" },
    examples: ["unconfirmed", "unconfirmed --json | jq -r .id"],
    run: (flags, context) => overApi(context, (options) => showUnconfirmed(options, flags["json"] === true)),
  },
  adopt: {
    summary: "name the task of a video whose answer was lost; it is bound once the provider knows it",
    flags: {},
    words: ["video", "task"],
    examples: [`adopt ${ID} 7b0f3a52c1`],
    run: (_flags, context, { words }) =>
      overApi(context, (options) => adoptTask(options, words["video"] ?? "", words["task"] ?? "")),
  },
  release: {
    summary: "submit a video again whose answer was lost: a new charge",
    flags: { yes: YES },
    words: ["video"],
    values: { "max-charges": { takes: "n", about: "allow so many charges in all: consent to pay again" } },
    examples: [`release ${ID}`, `release ${ID} --max-charges 2 --yes`],
    run: async (flags, context, { words, values }) => {
      const maxCharges = parseMaxCharges(values["max-charges"]);
      const isAgreed = flags["yes"] === true;
      return await overApi(context, (options) =>
        releaseVideo(options, words["video"] ?? "", { maxCharges, isAgreed }),
      );
    },
  },
  "write-off": {
    summary: "give up a video whose answer was lost, and count its money as spent",
    flags: { yes: YES },
    words: ["video"],
    examples: [`write-off ${ID} --yes`],
    run: (flags, context, { words }) =>
      overApi(context, (options) =>
        writeOffVideo(options, words["video"] ?? "", { isAgreed: flags["yes"] === true }),
      ),
  },
  poll: {
    summary: "look at the running task of a video now",
    flags: {},
    words: ["video"],
    examples: [`poll ${ID}`],
    run: (_flags, context, { words }) =>
      overApi(context, async ({ api, say }) => {
        const { id } = await api.poll(words["video"] ?? "");
        say(`The task of ${id} is looked at now.`);
        return 0;
      }),
  },
  rearchive: {
    summary: "fetch the files of a video again that the bucket has lost, while the provider has them",
    flags: {},
    words: ["video"],
    examples: [`rearchive ${ID}`],
    run: (_flags, context, { words }) =>
      overApi(context, (options) => rearchiveVideo(options, words["video"] ?? "")),
  },
  ...SUBMIT_COMMANDS,
  ...limitsCommands(overApi),
};
