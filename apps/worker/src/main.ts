import {
  collectorOf,
  collectorSecrets,
  runUntilSignal,
  settingsOrExit,
  urlPasswords,
} from "@rushes/lifecycle";
import { createLogger, createMetrics, openTracing } from "@rushes/telemetry";
import { groupSettings, serviceName, settingsSchema } from "./settings.ts";
import { startWorker } from "./start-worker.ts";

const settings = groupSettings(settingsOrExit(settingsSchema(process.env), process.env));
const known = [
  settings.provider?.APIXO_API_KEY,
  ...(settings.provider?.APIXO_ACCOUNTS ?? []).map(({ key }) => key),
  settings.provider?.CALLBACK_SECRET,
  settings.archive?.AWS_SECRET_ACCESS_KEY,
  settings.archive?.AWS_SESSION_TOKEN,
  settings.notify?.WEBHOOK_SECRET,
].flatMap((secret) => (secret ? [secret.reveal()] : []));
const secrets = [...known, ...urlPasswords(settings.common.REDIS_URL), ...collectorSecrets(settings.common)];
const logger = createLogger({ name: "worker", level: settings.common.LOG_LEVEL, secrets: () => secrets });

await runUntilSignal({
  name: "worker",
  logger,
  drainMs: settings.common.DRAIN_MS,
  async start(stopping, end) {
    const tracing = await openTracing({
      ...collectorOf(settings.common),
      serviceName: serviceName(settings.common.ROLES),
      secrets: () => secrets,
      logger,
    });
    const parts = await startWorker(settings, logger, createMetrics(), tracing, {
      stopping,
      refuse({ message, refusals }) {
        process.stderr.write(`${message}\n`);
        end(`the preflight refuses: ${refusals.map(({ check }) => check).join(", ")}`, 1);
      },
    });
    return tracing ? [tracing, ...parts] : parts;
  },
});
