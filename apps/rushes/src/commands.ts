import { parseArgs } from "node:util";
import type { Environment } from "@rushes/lifecycle";
import { runDoctor } from "./doctor/run-doctor.ts";
import type { Terminal } from "./terminal.ts";
import { runUp } from "./up/up.ts";

/** What a command may know of the world around it. */
export type CommandContext = {
  environment: Environment;
  /** The repository. */
  root: string;
  terminal: Terminal;
};

export type Command = {
  /** One line, for the list of commands. */
  summary: string;
  /** Switches without a value, and what each does. */
  flags: Readonly<Record<string, string>>;
  /** Answers the exit code. */
  run(flags: Readonly<Record<string, boolean>>, context: CommandContext): Promise<number>;
};

/** Every command; a further one is a row here and a file of its own. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  up: {
    summary: "run everything on this machine and order a sample video",
    flags: { once: "end when the sample video is archived: exit code 0, or 1 if it failed" },
    run: (flags, context) => runUp({ once: flags["once"] === true, ...context }),
  },
  doctor: {
    summary: "check Redis, bucket, provider and clock, and say how to mend what is wrong",
    flags: {
      json: "print one JSON object instead of the table",
      "write-test": "store a small object in the bucket and remove it; everything else only reads",
    },
    run: (flags, { environment, terminal }) =>
      runDoctor({
        environment,
        terminal,
        json: flags["json"] === true,
        writeTest: flags["write-test"] === true,
      }),
  },
};

/** Wrong words on the command line, as most tools answer them. */
const USAGE_EXIT_CODE = 2;

export type Choice =
  | { kind: "help"; text: string; exitCode: number }
  | { kind: "run"; run: (context: CommandContext) => Promise<number> };

/** Finds the command that the arguments name. Help is asked for, or answers what cannot be understood. */
export function chooseCommand(commands: Readonly<Record<string, Command>>, args: readonly string[]): Choice {
  const [name, ...rest] = args;
  if (name === undefined) return { kind: "help", text: helpText(commands), exitCode: USAGE_EXIT_CODE };
  if (name === "help" || name === "--help" || name === "-h") {
    return { kind: "help", text: helpText(commands), exitCode: 0 };
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const text = `There is no command "${name}".\n\n${helpText(commands)}`;
    return { kind: "help", text, exitCode: USAGE_EXIT_CODE };
  }
  try {
    const flags = parseFlags(command, rest);
    if (flags["help"] === true) return { kind: "help", text: commandHelp(name, command), exitCode: 0 };
    return { kind: "run", run: (context) => command.run(flags, context) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "help", text: `${reason}\n\n${commandHelp(name, command)}`, exitCode: USAGE_EXIT_CODE };
  }
}

function parseFlags(command: Command, args: readonly string[]): Record<string, boolean> {
  const names = [...Object.keys(command.flags), "help"];
  const options = Object.fromEntries(names.map((name) => [name, { type: "boolean" } as const]));
  const { values } = parseArgs({ args: [...args], options, strict: true });
  return Object.fromEntries(names.map((name) => [name, values[name] === true]));
}

function helpText(commands: Readonly<Record<string, Command>>): string {
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(12)}${summary}\n`);
  return `Usage: rushes <command>\n\n${lines.join("")}\nrushes <command> --help tells more about one.\n`;
}

function commandHelp(name: string, { summary, flags }: Command): string {
  const width = Math.max(10, ...Object.keys(flags).map((flag) => flag.length + 2));
  const lines = Object.entries(flags).map(([flag, text]) => `  --${flag.padEnd(width)}${text}\n`);
  return `Usage: rushes ${name}${lines.length === 0 ? "" : " [flags]"}\n\n${summary}\n\n${lines.join("")}`;
}
