import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { untilTrue } from "@rushes/test-rig";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The api as a process of its own, as it is run from the sources. */
export type ApiProcess = {
  child: ChildProcess;
  /** Both outputs so far. */
  output(): string;
  /** Resolves with the exit code, or the name of the signal that ended it. */
  exit: Promise<number | string>;
  /** Waits for the line that tells the port. */
  port(): Promise<number>;
};

/** Only what is given is in the environment, beside the means to find programs. */
export function startProcess(environment: Record<string, string>): ApiProcess {
  const env = { PATH: process.env["PATH"], PORT: "0", ...environment };
  const child = spawn(process.execPath, ["--conditions=source", MAIN], { env, stdio: "pipe" });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  }
  // "close" comes after the last of the output, "exit" may not.
  const exit = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  return {
    child,
    output: () => output,
    exit,
    async port() {
      await untilTrue(() => /"url":"http:/.test(output) || output);
      return Number(/"url":"http:\/\/[^"]+:(\d+)"/.exec(output)?.[1]);
    },
  };
}
