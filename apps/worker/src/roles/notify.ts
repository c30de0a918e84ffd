import { notify } from "@rushes/pipeline";
import { startStageWorker } from "@rushes/queue";
import { openWebhookSender, parseWebhookSecrets } from "@rushes/webhooks";
import { observeDeliveries } from "../observed-deliveries.ts";
import type { Role, RoleParts, RunningRole } from "../role.ts";

/** Without a secret: how often it is said that somebody waits for webhooks. */
const REMIND_EVERY_MS = 60_000;

/** Tells callers what became of their videos. Without a secret nothing is sent, and what is owed waits for one. */
export const startNotifyRole: Role = async (parts: RoleParts) => {
  const settings = parts.forNotify();
  const keys = settings.WEBHOOK_SECRET && parseWebhookSecrets(settings.WEBHOOK_SECRET.reveal());
  if (!keys) return waitForSecret(parts);

  const webhooks = openWebhookSender({ keys, allowPrivate: settings.ALLOW_PRIVATE_WEBHOOKS });
  const deliveries = parts.traced.deliveries(
    observeDeliveries(parts.ledger.deliveries, parts.logger, parts.metrics),
  );
  const worker = startStageWorker({
    stage: "notify",
    redis: parts.openConnection(),
    prefix: parts.prefix,
    concurrency: settings.NOTIFY_CONCURRENCY,
    queues: parts.queues,
    onProblem: parts.onProblem,
    decide: parts.traced.stage("notify", (job) =>
      notify(job, {
        records: parts.traced.reader(parts.ledger),
        deliveries,
        webhooks: parts.traced.webhooks(webhooks),
        settings: { retryGapsMs: settings.WEBHOOK_RETRY_MS },
        random: Math.random,
      }),
    ),
  });
  return {
    name: "notify",
    isAlive: () => worker.isAlive(),
    async stop(signal) {
      await worker.stop(signal);
      await webhooks.close();
    },
  };
};

/** Most installations send no webhooks and need no secret; the others must not have to guess why none arrive. */
function waitForSecret({ ledger, logger, onProblem }: RoleParts): RunningRole {
  const hint = "set WEBHOOK_SECRET (whsec_ and 32 random bytes in base64) and start again";
  logger.warn({}, `WEBHOOK_SECRET is not set: no webhooks are sent by this worker; ${hint}`);
  const remind = async (): Promise<void> => {
    const pending = await ledger.deliveries.countPending();
    if (pending > 0) logger.error({ pending }, `webhooks are owed and cannot be signed: ${hint}`);
  };
  const timer = setInterval(() => void remind().catch(onProblem), REMIND_EVERY_MS);
  return {
    name: "notify",
    isAlive: () => true,
    async stop() {
      clearInterval(timer);
    },
  };
}
