import { parseArgs } from "node:util";
import type { Environment } from "@rushes/lifecycle";
import { EXIT, EXIT_HELP } from "./exit-codes.ts";
import { LEDGER_COMMANDS } from "./ledger/ledger-commands.ts";
import { OPERATOR_COMMANDS } from "./operate/operator-commands.ts";
import { LOOK_COMMANDS } from "./order/look-commands.ts";
import { ORDER_COMMANDS } from "./order/order-commands.ts";
import type { Terminal } from "./terminal.ts";
import { UsageProblem } from "./usage-problem.ts";
import { VERIFY_COMMANDS } from "./verify/verify-commands.ts";

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
  /** What must follow the name, in this order, each one word: `video`. Left out: nothing. */
  words?: readonly string[];
  /** What may follow any number of times: `video`. Left out: nothing. */
  more?: string;
  /** Options with a value: what stands for it in the help, and what it does. */
  values?: Readonly<Record<string, { takes: string; about: string; isRepeated?: true }>>;
  /** Whole command lines without the `rushes` in front. */
  examples?: readonly string[];
  /**
   * Answers the exit code.
   *
   * @throws UsageProblem for a value that cannot be understood
   */
  run(flags: Readonly<Record<string, boolean>>, context: CommandContext, given: Given): Promise<number>;
};

/** What stood on the command line beside the flags. */
export type Given = {
  words: Readonly<Record<string, string>>;
  /** Whatever followed them, where the command takes more. */
  more: readonly string[];
  values: Readonly<Record<string, string | undefined>>;
  /** Of each option that may be repeated: its values, in their order. */
  lists: Readonly<Record<string, readonly string[]>>;
};

/** Every command; a further one is a row here and a file of its own. */
export const COMMANDS: Readonly<Record<string, Command>> = {
  up: {
    summary: "run everything on this machine and order a sample video",
    flags: { once: "end when the sample video is archived: exit code 0, or 1 if it failed" },
    examples: ["up", "up --once"],
    run: async (flags, context) => {
      // With the store and Redis in it, which every other command would wait for.
      const { runUp } = await import("./up/up.ts");
      return await runUp({ once: flags["once"] === true, ...context });
    },
  },
  doctor: {
    summary: "check Redis, bucket, provider and clock, and say how to mend what is wrong",
    flags: {
      json: "print one JSON object instead of the table",
      "write-test": "store a small object in the bucket and remove it; everything else only reads",
    },
    examples: ["doctor", "doctor --write-test", "doctor --json | jq .findings"],
    run: async (flags, { environment, terminal }) => {
      // It alone needs the AWS SDK, whose loading every other command would wait for.
      const { runDoctor } = await import("./doctor/run-doctor.ts");
      return await runDoctor({
        environment,
        terminal,
        json: flags["json"] === true,
        writeTest: flags["write-test"] === true,
      });
    },
  },
  ...ORDER_COMMANDS,
  ...LOOK_COMMANDS,
  ...OPERATOR_COMMANDS,
  ...VERIFY_COMMANDS,
  ...LEDGER_COMMANDS,
};

export type Choice =
  | { kind: "help"; text: string; exitCode: number }
  | { kind: "run"; run: (context: CommandContext) => Promise<number> };

/** Finds the command that the arguments name. Help is asked for, or answers what cannot be understood. */
export function chooseCommand(commands: Readonly<Record<string, Command>>, args: readonly string[]): Choice {
  const { name, rest } = splitName(commands, args);
  if (name === undefined) return { kind: "help", text: helpText(commands), exitCode: EXIT.usage };
  if (name === "help" || name === "--help" || name === "-h") {
    return { kind: "help", text: helpText(commands), exitCode: 0 };
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    const text = `There is no command "${name}".\n\n${helpText(commands)}`;
    return { kind: "help", text, exitCode: EXIT.usage };
  }
  try {
    const { flags, ...given } = parseArguments(command, rest);
    if (flags["help"] === true) return { kind: "help", text: commandHelp(name, command), exitCode: 0 };
    return { kind: "run", run: (context) => command.run(flags, context, given) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { kind: "help", text: `${reason}\n\n${commandHelp(name, command)}`, exitCode: EXIT.usage };
  }
}

/** A name may have two words: `ledger export`. */
function splitName(
  commands: Readonly<Record<string, Command>>,
  args: readonly string[],
): { name: string | undefined; rest: readonly string[] } {
  const pair = args.slice(0, 2).join(" ");
  if (args.length > 1 && Object.hasOwn(commands, pair)) return { name: pair, rest: args.slice(2) };
  return { name: args[0], rest: args.slice(1) };
}

function parseArguments(
  { flags, words = [], more, values = {} }: Command,
  args: readonly string[],
): Given & { flags: Record<string, boolean> } {
  const flagNames = [...Object.keys(flags), "help"];
  const options = Object.fromEntries([
    ...flagNames.map((name) => [name, { type: "boolean" }] as const),
    ...Object.entries(values).map(
      ([name, { isRepeated = false }]) => [name, { type: "string", multiple: isRepeated }] as const,
    ),
  ]);
  const parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
  const found = parsed.values as Readonly<Record<string, string | string[] | boolean | undefined>>;
  const given: Given & { flags: Record<string, boolean> } = {
    flags: Object.fromEntries(flagNames.map((name) => [name, found[name] === true])),
    words: Object.fromEntries(words.map((word, index) => [word, parsed.positionals[index] ?? ""])),
    more: parsed.positionals.slice(words.length),
    values: Object.fromEntries(
      Object.keys(values).map((name) => {
        const value = found[name];
        return [name, typeof value === "string" ? value : undefined];
      }),
    ),
    lists: Object.fromEntries(
      Object.keys(values).map((name) => {
        const value = found[name];
        return [name, Array.isArray(value) ? value : []];
      }),
    ),
  };
  if (given.flags["help"] === true) return given;
  const missing = words.find((word) => !given.words[word]);
  if (missing !== undefined) throw new UsageProblem(`<${missing}> is missing.`);
  const extra = given.more[0];
  if (more === undefined && extra !== undefined) throw new UsageProblem(`"${extra}" is one word too many.`);
  return given;
}

function helpText(commands: Readonly<Record<string, Command>>): string {
  const width = Math.max(12, ...Object.keys(commands).map((name) => name.length + 2));
  const lines = Object.entries(commands).map(([name, { summary }]) => `  ${name.padEnd(width)}${summary}\n`);
  return `Usage: rushes <command>\n\n${lines.join("")}\nrushes <command> --help tells more about one.\n${EXIT_HELP}`;
}

function commandHelp(
  name: string,
  { summary, flags, words = [], more, values = {}, examples = [] }: Command,
): string {
  const options = [
    ...Object.entries(values).map(([option, { takes, about }]) => [`${option} <${takes}>`, about] as const),
    ...Object.entries(flags),
  ];
  const width = Math.max(10, ...options.map(([option]) => option.length + 2));
  const lines = options.map(([option, text]) => `  --${option.padEnd(width)}${text}\n`);
  const usage = [
    name,
    ...words.map((word) => `<${word}>`),
    ...(more === undefined ? [] : [`[${more} ...]`]),
    ...(lines.length === 0 ? [] : ["[flags]"]),
  ].join(" ");
  const shown = examples.map((example) => `  rushes ${example}\n`).join("");
  return `Usage: rushes ${usage}\n\n${summary}\n\n${lines.join("")}${shown && `\nExamples:\n${shown}`}`;
}
