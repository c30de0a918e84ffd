import { submit, type Records } from "@rushes/pipeline";
import { createCallbackTokens, startPlaceGate } from "@rushes/ledger";
import { startStageWorker } from "@rushes/queue";
import { startBalanceWatch } from "../balance-watch.ts";
import { heldClaims } from "../held-claims.ts";
import type { Role, RoleParts } from "../role.ts";
import { untilStored } from "../until-stored.ts";

/** Takes turns: claims the head of the fair line and posts it to the provider. */
export const startSubmitRole: Role = async (parts: RoleParts) => {
  const { settings, provider } = parts.forProvider();
  const tokens =
    settings.PUBLIC_URL && settings.CALLBACK_SECRET
      ? createCallbackTokens(settings.CALLBACK_SECRET.reveal())
      : undefined;
  const subscriber = parts.openConnection();
  const gate = startPlaceGate({
    ledger: heldClaims(parts.ledger, parts.mayBegin),
    subscriber,
    prefix: parts.prefix,
    accounts: [{ name: parts.account, concurrency: settings.LIMIT_CONCURRENCY }],
    // The POST has its own whole time-out; half the margin before it leaves the other half for storing the answer.
    sendWithinMs: parts.common.SUBMIT_MARGIN_MS / 2,
    monotonicMs: () => performance.now(),
    onProblem: parts.onProblem,
  });
  const records: Records = {
    ...parts.records,
    learnAnswer: (attempt, fact) =>
      untilStored(
        () => parts.records.learnAnswer(attempt, fact),
        (err) =>
          parts.logger.error(
            { err, videoId: attempt.videoId, attempt: attempt.number, ...fact },
            "the answer to a submission cannot be stored yet: Redis refuses writes",
          ),
      ),
  };
  const worker = startStageWorker({
    stage: "submit",
    redis: parts.openConnection(),
    prefix: parts.prefix,
    concurrency: settings.SUBMIT_CONCURRENCY,
    queues: parts.queues,
    onProblem: parts.onProblem,
    decide: (job) =>
      submit(job, {
        records,
        claim: (signal) => gate.claim(signal),
        provider: () => provider,
        callbackUrl: (attempt) => tokens && `${settings.PUBLIC_URL}/callbacks/apixo/${tokens.make(attempt)}`,
        noteAccount: (account, verdict) =>
          untilStored(
            () => parts.ledger.noteAccount(account, verdict),
            (error) => parts.onProblem(error as Error),
          ),
        settings: {
          pollFirstMs: settings.POLL_FIRST_MS,
          retryMinMs: parts.common.RETRY_MIN_MS,
          retryMaxMs: parts.common.RETRY_MAX_MS,
        },
        random: Math.random,
      }),
  });
  const balance = startBalanceWatch(parts, parts.account, provider, settings.BALANCE_EVERY_MS);
  return {
    name: "submit",
    isAlive: () => worker.isAlive(),
    async stop(signal) {
      await balance.stop();
      await worker.stop(signal);
      await gate.stop();
    },
  };
};
