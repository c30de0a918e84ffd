import type { Command } from "../commands.ts";
import { overApi } from "../operate/over-api.ts";
import { UsageProblem } from "../usage-problem.ts";

/** What is read from the api, at RUSHES_URL, and from the bucket, with the AWS variables of the workers. */
export const VERIFY_COMMANDS: Readonly<Record<string, Command>> = {
  verify: {
    summary: "read stored files and compare them with the records; changes nothing",
    flags: { all: "every completed video, instead of those that are named" },
    more: "video",
    examples: ["verify vid_01kaz3m1s8q4n0w2c9e7h5r6t4", "verify --all"],
    run: async (flags, context, { more }) => {
      const all = flags["all"] === true;
      if (all === more.length > 0) throw new UsageProblem("Name videos, or say --all.");
      // It alone needs the AWS SDK, whose loading every other command would wait for.
      const { verifyFiles } = await import("./verify-files.ts");
      return await overApi(
        context,
        async (options) => await verifyFiles(options, context, all ? "all" : more),
      );
    },
  },
};
