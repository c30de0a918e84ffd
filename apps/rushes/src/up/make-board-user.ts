import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";

/**
 * Has the board's own command turn a password into an entry of `BOARD_USERS`; how it hashes is its business.
 *
 * @param program the board's `make-user.ts`
 * @throws Error with what the command said when it refuses
 */
export async function makeBoardUser(program: string, name: string, password: string): Promise<string> {
  const child = spawn(process.execPath, ["--conditions=source", program, name, "admin"]);
  child.stdin.end(`${password}\n`);
  const [output, problem, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null]>,
  ]);
  if (code !== 0) throw new Error(`The board's make-user has failed: ${problem.trim()}`);
  return output.trim();
}
