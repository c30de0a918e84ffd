import { runUntilSignal, settingsOrExit } from "@rushes/lifecycle";
import { createLogger, createMetrics } from "@rushes/telemetry";
import { settingsSchema } from "./settings.ts";
import { startApi } from "./start-api.ts";

const settings = settingsOrExit(settingsSchema, process.env);
const { password } = new URL(settings.REDIS_URL);
const logger = createLogger({ name: "api", level: settings.LOG_LEVEL, secrets: () => [password] });

await runUntilSignal({
  name: "api",
  logger,
  drainMs: settings.DRAIN_MS,
  start: async () => [await startApi({ settings, logger, metrics: createMetrics() })],
});
