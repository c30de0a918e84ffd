import { spawn } from "node:child_process";

// Stands between `up` and a program that is not Node, and so cannot load `end-with-parent.ts` itself. Signals go on to
// the program, and its end is this process's end.

const [command = "", ...args] = process.argv.slice(2);
const program = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
  process.on(signal, () => program.kill("SIGTERM"));
process.once("exit", () => program.kill("SIGKILL"));
program.once("error", (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(127);
});
program.once("exit", (code) => process.exit(code ?? 1));
