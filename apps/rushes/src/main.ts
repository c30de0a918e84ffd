#!/usr/bin/env node
import { fileURLToPath } from "node:url";
import { chooseCommand, COMMANDS } from "./commands.ts";
import { EXIT } from "./exit-codes.ts";
import { openTerminal } from "./terminal.ts";
import { UsageProblem } from "./usage-problem.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const choice = chooseCommand(COMMANDS, process.argv.slice(2));
if (choice.kind === "help") {
  const output = choice.exitCode === 0 ? process.stdout : process.stderr;
  output.write(choice.text);
  process.exitCode = choice.exitCode;
} else {
  try {
    process.exitCode = await choice.run({ environment: process.env, root, terminal: openTerminal(process) });
  } catch (error) {
    if (!(error instanceof UsageProblem)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT.usage;
  }
}
