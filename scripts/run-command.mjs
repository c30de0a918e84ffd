import { spawn } from "node:child_process";
import { stripVTControlCharacters } from "node:util";

/** How much of a quiet command's output is kept for the case that it fails. */
const KEPT_CHARACTERS = 20_000;

/**
 * Runs a command with its input closed and its output kept instead of shown.
 * Never rejects: a command that cannot be started answers code 127.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ code: number, output: string }>} stdout and stderr together, the last part of them
 */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"] });
    const stopForwarding = forwardSignals((signal) => child.kill(signal));
    // Should this process have to go in the middle, the command does not stay behind.
    const kill = () => child.kill();
    process.once("exit", kill);
    let output = "";
    const keep = (chunk) => {
      output = (output + chunk).slice(-KEPT_CHARACTERS);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);
    const finish = (code) => {
      stopForwarding();
      process.off("exit", kill);
      resolve({ code, output });
    };
    child.once("error", (error) => {
      output += error.message;
      finish(127);
    });
    child.once("close", (code, signal) => finish(code ?? exitCodeOf(signal)));
  });
}

/**
 * Passes the signals that ask this process to end on to somebody else, until the returned function is called.
 *
 * @param {(signal: NodeJS.Signals) => void} receive
 * @returns {() => void}
 */
export function forwardSignals(receive) {
  /** @type {NodeJS.Signals[]} */
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, receive);
  return () => {
    for (const signal of signals) process.off(signal, receive);
  };
}

/**
 * The exit code a shell would show for a process that a signal ended.
 *
 * @param {string | null} signal
 */
export function exitCodeOf(signal) {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };
  return signal !== null && signal in numbers ? 128 + numbers[signal] : 1;
}

/**
 * The last lines of a tool's output, fit to be shown: without colour codes and without the addresses of the
 * servers it talked to, which are nobody's business in a log that gets pasted somewhere.
 *
 * @param {string} output
 * @param {number} [lines]
 */
export function lastLines(output, lines = 12) {
  return hideAddresses(output)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "")
    .slice(-lines)
    .map((line) => `  ${line}`)
    .join("\n");
}

/** @param {string} text */
function hideAddresses(text) {
  return stripVTControlCharacters(text)
    .replaceAll(/\b[a-z][a-z+.-]*:\/\/\S+/gi, "<address>")
    .replaceAll(/\b(?:[a-z0-9-]+\.)+(?:org|com|net|io|dev|de|cloud|internal|local)(?::\d+)?\b/gi, "<address>")
    .replaceAll(/\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b/g, "<address>");
}
