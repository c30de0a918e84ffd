import type { Command, CommandContext } from "../commands.ts";
import { EXIT } from "../exit-codes.ts";
import type { ApiSubmit } from "./api-overview.ts";
import type { OperateOptions } from "./operate-options.ts";
import type { OperatorApi } from "./operator-api.ts";
import { overApi } from "./over-api.ts";
import { submitLines } from "./overview-lines.ts";

const FLAGS = { json: "as the api answers it" };

/** Whether new paid work may begin: `rushes pause submit`, `rushes resume submit`. */
export const SUBMIT_COMMANDS: Readonly<Record<string, Command>> = {
  "pause submit": {
    summary: "hand nothing new to the provider; what is submitted goes on, orders are taken and wait",
    flags: FLAGS,
    examples: ["pause submit"],
    run: (flags, context) => turn(context, flags["json"] === true, (api) => api.pauseSubmit()),
  },
  "resume submit": {
    summary: "hand videos to the provider again",
    flags: FLAGS,
    examples: ["resume submit"],
    run: (flags, context) => turn(context, flags["json"] === true, (api) => api.resumeSubmit()),
  },
};

function turn(
  context: CommandContext,
  asJson: boolean,
  press: (api: OperatorApi) => Promise<ApiSubmit>,
): Promise<number> {
  return overApi(context, async ({ api, say }: OperateOptions) => {
    const submit = await press(api);
    for (const line of asJson ? [JSON.stringify(submit)] : submitLines(submit)) say(line);
    return EXIT.ok;
  });
}
