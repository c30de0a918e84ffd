import {
  collectorOf,
  collectorSecrets,
  runUntilSignal,
  settingsOrExit,
  urlPasswords,
} from "@rushes/lifecycle";
import type { UnsafeSetup } from "@rushes/preflight";
import { createLogger, createMetrics, openTracing } from "@rushes/telemetry";
import { settingsSchema } from "./settings.ts";
import { startApi } from "./start-api.ts";

const settings = settingsOrExit(settingsSchema, process.env);
const { CALLBACK_SECRET, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN } = settings;
const secrets = [
  ...urlPasswords(settings.REDIS_URL),
  ...collectorSecrets(settings),
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
    const tracing = await openTracing({
      ...collectorOf(settings),
      serviceName: "rushes-api",
      secrets: () => secrets,
      logger,
    });
    const api = await startApi({ settings, logger, metrics: createMetrics(), tracing, refuse });
    return tracing ? [tracing, api] : [api];
  },
});
