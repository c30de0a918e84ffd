import { describe, expect, test } from "vitest";
import { chooseCommand, COMMANDS, type Command, type CommandContext } from "./commands.ts";

const context: CommandContext = {
  environment: {},
  root: "/",
  terminal: { say: () => {}, progress: () => {}, endProgress: () => {} },
};

/** A table with one command that answers which flags it got. */
function table(got: object[] = []): Record<string, Command> {
  return {
    walk: {
      summary: "go for a walk",
      flags: { far: "go far" },
      run: async (flags) => {
        got.push(flags);
        return 7;
      },
    },
  };
}

describe("chooseCommand", () => {
  test("runs the command with its flags and answers its exit code", async () => {
    const got: object[] = [];
    const choice = chooseCommand(table(got), ["walk", "--far"]);
    expect(choice.kind).toBe("run");
    expect(choice.kind === "run" && (await choice.run(context))).toBe(7);
    expect(got).toEqual([{ far: true, help: false }]);
  });

  test("lists every command when help is asked for", () => {
    for (const word of ["help", "--help", "-h"]) {
      const choice = chooseCommand(COMMANDS, [word]);
      expect(choice).toMatchObject({ kind: "help", exitCode: 0 });
      expect(choice.kind === "help" && choice.text).toMatch(/^ {2}up +run everything/m);
    }
  });

  test("tells about one command", () => {
    expect(chooseCommand(table(), ["walk", "--help"])).toEqual({
      kind: "help",
      exitCode: 0,
      text: "Usage: rushes walk [flags]\n\ngo for a walk\n\n  --far       go far\n",
    });
  });

  test("answers what it does not understand with help and exit code 2", () => {
    for (const args of [[], ["fly"], ["toString"], ["walk", "--fast"], ["walk", "there"]]) {
      expect(chooseCommand(table(), args)).toMatchObject({ kind: "help", exitCode: 2 });
    }
    expect(chooseCommand(table(), ["fly"])).toMatchObject({
      text: expect.stringContaining('no command "fly"'),
    });
    expect(chooseCommand(table(), ["walk", "--fast"])).toMatchObject({
      text: expect.stringContaining("--fast"),
    });
  });

  test("hands over any number of words where a command takes them", async () => {
    const got: unknown[] = [];
    const commands: Record<string, Command> = {
      visit: {
        summary: "go and see",
        flags: {},
        words: ["friend"],
        more: "friend",
        run: async (_flags, _context, { words, more }) => {
          got.push(words["friend"], more);
          return 0;
        },
      },
    };
    const choice = chooseCommand(commands, ["visit", "ann", "ben", "cat"]);
    expect(choice.kind === "run" && (await choice.run(context))).toBe(0);
    expect(got).toEqual(["ann", ["ben", "cat"]]);
    expect(chooseCommand(commands, ["visit", "--help"])).toMatchObject({
      text: expect.stringContaining("Usage: rushes visit <friend> [friend ...]"),
    });
  });

  test("order wants to be told in one way", async () => {
    for (const args of [["order"], ["order", "--prompt", "x", "--input", "{}"]]) {
      const choice = chooseCommand(COMMANDS, args);
      if (choice.kind !== "run") throw new Error("order is a command");
      await expect(choice.run(context)).rejects.toThrow("--prompt, --input or --input-file");
    }
  });

  test("hands over every value of an option that may be repeated", async () => {
    const got: unknown[] = [];
    const commands: Record<string, Command> = {
      pack: {
        summary: "take things along",
        flags: {},
        values: { thing: { takes: "name", about: "what to take", isRepeated: true } },
        run: async (_flags, _context, { lists }) => {
          got.push(lists["thing"]);
          return 0;
        },
      },
    };
    for (const args of [["pack"], ["pack", "--thing", "hat", "--thing=map"]]) {
      const choice = chooseCommand(commands, args);
      expect(choice.kind === "run" && (await choice.run(context))).toBe(0);
    }
    expect(got).toEqual([[], ["hat", "map"]]);
  });

  test("verify wants videos or --all, and not both", async () => {
    for (const args of [["verify"], ["verify", "--all", "vid_x"]]) {
      const choice = chooseCommand(COMMANDS, args);
      if (choice.kind !== "run") throw new Error("verify is a command");
      await expect(choice.run(context)).rejects.toThrow("Name videos, or say --all.");
    }
  });
});

test.each(Object.entries(COMMANDS))(
  "%s shows how it is used, and takes what it shows",
  (name, { examples }) => {
    expect(examples?.length).toBeGreaterThan(0);
    for (const example of examples ?? []) {
      // What a shell would do with the rest is not the command's.
      const [line = ""] = example.split(/ (?:\||<|>>?) /);
      const words = line.match(/"[^"]*"|\S+/g) ?? [];
      const choice = chooseCommand(
        COMMANDS,
        words.map((word) => word.replaceAll('"', "")),
      );
      expect([example, choice.kind]).toEqual([example, "run"]);
      expect(line.startsWith(name)).toBe(true);
    }
  },
);
