import type { Command, CommandContext } from "../commands.ts";
import { UsageProblem } from "../usage-problem.ts";
import { limitsLines } from "./limits-lines.ts";
import type { OperateOptions } from "./operate-options.ts";

type OverApi = (
  context: CommandContext,
  act: (options: OperateOptions) => Promise<number>,
) => Promise<number>;

/** Accounts and their limits: `rushes limits get|set|pin`. */
export function limitsCommands(overApi: OverApi): Readonly<Record<string, Command>> {
  return {
    "limits get": {
      summary: "show each account: in flight, its limits, and how sure they are",
      flags: { json: "as the api answers it, one account per line" },
      examples: ["limits get"],
      run: (flags, context) =>
        overApi(context, async ({ api, say }) => {
          const accounts = await api.listLimits();
          const lines =
            flags["json"] === true ? accounts.map((one) => JSON.stringify(one)) : limitsLines(accounts);
          for (const line of lines) say(line);
          return 0;
        }),
    },
    "limits set": {
      summary: "fix an account's limits while all runs; what is not named is as configured again",
      flags: {},
      words: ["account"],
      values: {
        concurrency: { takes: "n", about: "tasks in flight; learned = find out" },
        rate: { takes: "n", about: "requests per window; learned = find out" },
        "window-ms": { takes: "ms", about: "the window of the rate; a minute unless configured" },
      },
      examples: ["limits set default --concurrency 20 --rate 60", "limits set default --rate learned"],
      run: async (_flags, context, { words, values }) => {
        const wish = {
          concurrency: numberOrLearned("concurrency", values["concurrency"]),
          rate: numberOrLearned("rate", values["rate"]),
          rate_window_ms: numberOrLearned("window-ms", values["window-ms"]) ?? undefined,
        };
        return await overApi(context, async ({ api, say }) => {
          for (const line of limitsLines([await api.setLimits(words["account"] ?? "", wish)])) say(line);
          return 0;
        });
      },
    },
    "limits pin": {
      summary: "fix an account's limits at what has been learned",
      flags: {},
      words: ["account"],
      examples: ["limits pin default"],
      run: (_flags, context, { words }) =>
        overApi(context, async ({ api, say }) => {
          for (const line of limitsLines([await api.pinLimits(words["account"] ?? "")])) say(line);
          return 0;
        }),
    },
  };
}

function numberOrLearned(option: string, text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === "learned") return null;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new UsageProblem(`--${option} must be a whole number above 0, or learned.`);
  return value;
}
