import { runUntilSignal, settingsOrExit, urlPasswords } from "@rushes/lifecycle";
import type { UnsafeSetup } from "@rushes/preflight";
import { createLogger, createMetrics } from "@rushes/telemetry";
import { settingsSchema } from "./settings.ts";
import { startApi } from "./start-api.ts";

const settings = settingsOrExit(settingsSchema, process.env);
const { CALLBACK_SECRET, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = settings;
const secrets = [
  ...urlPasswords(settings.REDIS_URL),
  ...[CALLBACK_SECRET, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN].map((secret) => secret?.reveal() ?? ""),
];
const logger = createLogger({ name: "api", level: settings.LOG_LEVEL, secrets: () => secrets });

await runUntilSignal({
  name: "api",
  logger,
  drainMs: settings.DRAIN_MS,
  start: async (_, end) => {
    const refuse = ({ message, refusals }: UnsafeSetup): void => {
      process.stderr.write(`${message}\n`);
      end(`the preflight refuses: ${refusals.map(({ check }) => check).join(", ")}`, 1);
    };
    return [await startApi({ settings, logger, metrics: createMetrics(), refuse })];
  },
});
