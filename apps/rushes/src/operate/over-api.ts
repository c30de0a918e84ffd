import type { CommandContext } from "../commands.ts";
import { EXIT } from "../exit-codes.ts";
import type { OperateOptions } from "./operate-options.ts";
import { createOperatorApi, OperatorProblem } from "./operator-api.ts";

/** What the api refuses is told on standard error, with the exit code that fits it. */
export async function overApi(
  { environment, terminal }: CommandContext,
  act: (options: OperateOptions) => Promise<number>,
): Promise<number> {
  const note = (line: string): void => void process.stderr.write(`${line}\n`);
  try {
    return await act({
      api: createOperatorApi(environment),
      say: (line) => terminal.say(line),
      note,
      input: process.stdin,
      output: process.stdout,
    });
  } catch (error) {
    if (!(error instanceof OperatorProblem)) throw error;
    note(error.message);
    return error.isOpen ? EXIT.unfinished : EXIT.failed;
  }
}
