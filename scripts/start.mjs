import { spawn } from "node:child_process";

import { prepare, ROOT } from "./prepare.mjs";
import { exitCodeOf, forwardSignals } from "./run-command.mjs";

/** How often to look whether npm, which started this, is still there. */
const LOOK_EVERY_MS = 1_000;

const { node, env } = await prepare({ redis: "any" });
const child = spawn(
  node,
  ["--conditions=source", "apps/rushes/src/main.ts", "up", ...process.argv.slice(2)],
  {
    cwd: ROOT,
    env,
    // The fourth is a line to the child that closes when this process dies, however it dies.
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  },
);
forwardSignals((signal) => child.kill(signal));
endWithNpm();
child.once("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once("exit", (code, signal) => process.exit(code ?? exitCodeOf(signal)));

/** When npm is killed outright, nobody passes a signal on; the parent then is another one. */
function endWithNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const { ppid } = process;
  const timer = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(timer);
    child.kill("SIGTERM");
  }, LOOK_EVERY_MS).unref();
}
