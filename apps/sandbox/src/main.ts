import { runUntilSignal, type LifecycleLogger } from "@rushes/lifecycle";
import { readOptions, unknownVariables } from "./read-options.ts";
import { startSandbox } from "./start-sandbox.ts";

/** A stop drops every socket, so it takes milliseconds; this is only against surprises. */
const DRAIN_MS = 5_000;

const line = (fields: object, message: string) =>
  void process.stdout.write(`${JSON.stringify({ message, ...fields }, reasonOf)}\n`);
const logger: LifecycleLogger = { info: line, warn: line, error: line };

await runUntilSignal({
  name: "sandbox",
  logger,
  drainMs: DRAIN_MS,
  start: async () => {
    const unknown = unknownVariables(process.env);
    if (unknown.length > 0) logger.warn({ unknown }, "these variables mean nothing to the sandbox");
    const sandbox = await startSandbox(readOptions(process.env));
    const { url, origin, fileOrigin, seed } = sandbox;
    logger.info(
      { url, page: `${origin}/`, files: fileOrigin, speed: sandbox.settings().speed, seed },
      "sandbox listens",
    );
    return [{ name: "sandbox", stop: () => sandbox.stop() }];
  },
});

/** Errors have no enumerable fields, so JSON would show them as `{}`. */
function reasonOf(_name: string, value: unknown): unknown {
  return value instanceof Error ? value.message : value;
}
