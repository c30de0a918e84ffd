import { poll, watch } from "@rushes/pipeline";
import { startStageWorker } from "@rushes/queue";
import type { Role, RoleParts } from "../role.ts";

/** Looks at running tasks on the documented schedule. */
export const startPollRole: Role = async (parts: RoleParts) => {
  const { settings, provider, limits } = parts.forProvider();
  const worker = startStageWorker({
    stage: "poll",
    redis: parts.openConnection(),
    prefix: parts.prefix,
    concurrency: settings.POLL_CONCURRENCY,
    queues: parts.queues,
    onProblem: parts.onProblem,
    decide: parts.traced.stage("poll", (job) =>
      (job.errand === "watch" ? watch : poll)(job, {
        records: parts.records,
        provider,
        pace: limits,
        settings: {
          pollFirstMs: settings.POLL_FIRST_MS,
          pollMinMs: settings.POLL_MIN_MS,
          pollMaxMs: settings.POLL_MAX_MS,
          lateAfterMs: settings.LATE_AFTER_MS,
          lateEveryMaxMs: settings.LATE_EVERY_MAX_MS,
          resultLifeMs: settings.RESULT_LIFE_MS,
          retryMinMs: parts.common.RETRY_MIN_MS,
          retryMaxMs: parts.common.RETRY_MAX_MS,
        },
        random: Math.random,
      }),
    ),
  });
  return { name: "poll", isAlive: () => worker.isAlive(), stop: (signal) => worker.stop(signal) };
};
