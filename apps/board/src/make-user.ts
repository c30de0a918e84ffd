import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { BOARD_ROLES, formatBoardUser, isUserName } from "./login/board-user.ts";
import { hashPassword } from "./login/password-hash.ts";

/**
 * Prints one entry for `BOARD_USERS`:
 *
 *   node apps/board/dist/make-user.js ada admin < password.txt
 *
 * The password is the first line of standard input. In a terminal it is asked for and not shown.
 */
const LEAST_CHARACTERS = 12;

const [name = "", roleText] = process.argv.slice(2);
const role = BOARD_ROLES.find((known) => known === roleText);
if (!isUserName(name) || !role) {
  fail("Usage: make-user <name> <viewer|admin>, with the password on standard input.");
} else {
  const password = await readPassword();
  if (password.length < LEAST_CHARACTERS) {
    fail(`The password needs at least ${LEAST_CHARACTERS} characters.`);
  } else {
    process.stdout.write(`${formatBoardUser({ name, role, passwordHash: await hashPassword(password) })}\n`);
  }
}

async function readPassword(): Promise<string> {
  const isTerminal = process.stdin.isTTY;
  if (isTerminal) process.stderr.write("Password: ");
  // In a terminal readline itself echoes what is typed, to an output that shows nothing.
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: isTerminal });
  try {
    for await (const line of lines) return line;
    return "";
  } finally {
    lines.close();
    if (isTerminal) process.stderr.write("\n");
  }
}

function fail(problem: string): void {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 1;
}
