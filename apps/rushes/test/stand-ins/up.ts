import { fileURLToPath } from "node:url";
import { openTerminal } from "../../src/terminal.ts";
import { runUp } from "../../src/up/up.ts";

// `up` as a process of its own, with stand-ins for the apps: node up.ts <data folder> [--once]

const [data = "", flag] = process.argv.slice(2);
process.exitCode = await runUp({
  once: flag === "--once",
  environment: process.env,
  root: fileURLToPath(new URL("../../../..", import.meta.url)),
  terminal: openTerminal(process),
  appsFolder: fileURLToPath(new URL(".", import.meta.url)),
  data,
});
