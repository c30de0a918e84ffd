import { submit, type Records } from "@rushes/pipeline";
import { createCallbackTokens, startPlaceGate } from "@rushes/ledger";
import { startStageWorker } from "@rushes/queue";
import { startBalanceWatch } from "../balance-watch.ts";
import { heldClaims } from "../held-claims.ts";
import type { Role, RoleParts } from "../role.ts";
import { untilStored } from "../until-stored.ts";

/** While nothing is announced, limits may still have loosened with time. Multiplied by `LIMIT_TIME_SCALE`. */
const ASK_AGAIN_MS = 30_000;
const LEAST_ASK_AGAIN_MS = 200;

/** Takes turns: claims the head of the fair line and posts it to the provider. */
export const startSubmitRole: Role = async (parts: RoleParts) => {
  const { settings, provider, accounts } = parts.forProvider();
  const tokens =
    settings.PUBLIC_URL && settings.CALLBACK_SECRET
      ? createCallbackTokens(settings.CALLBACK_SECRET.reveal())
      : undefined;
  const subscriber = parts.openConnection();
  const gate = startPlaceGate({
    ledger: heldClaims(parts.ledger, parts.mayBegin),
    subscriber,
    prefix: parts.prefix,
    accounts: accounts.map(({ limits }) => limits),
    // The POST has its own whole time-out; half the margin before it leaves the other half for storing the answer.
    sendWithinMs: parts.common.SUBMIT_MARGIN_MS / 2,
    monotonicMs: () => performance.now(),
    askAgainMs: Math.max(LEAST_ASK_AGAIN_MS, ASK_AGAIN_MS * settings.LIMIT_TIME_SCALE),
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
    decide: parts.traced.stage("submit", (job) =>
      submit(job, {
        records,
        async claim(signal) {
          const claim = await gate.claim(signal);
          if (claim.kind === "claimed") parts.records.noteIntent(claim);
          return claim;
        },
        provider,
        callbackUrl: (attempt) => tokens && `${settings.PUBLIC_URL}/callbacks/apixo/${tokens.make(attempt)}`,
        async noteAccount(account, verdict) {
          const word = await untilStored(
            () => parts.ledger.noteAccount(account, verdict),
            (error) => parts.onProblem(error as Error),
          );
          if (verdict.kind === "close") tellOfClosing(parts, account, verdict.code, word);
        },
        settings: {
          pollFirstMs: settings.POLL_FIRST_MS,
          retryMinMs: parts.common.RETRY_MIN_MS,
          retryMaxMs: parts.common.RETRY_MAX_MS,
        },
        random: Math.random,
      }),
    ),
  });
  const balances = accounts.map(({ name }) =>
    startBalanceWatch(parts, name, provider(name), settings.BALANCE_EVERY_MS),
  );
  return {
    name: "submit",
    isAlive: () => worker.isAlive(),
    async stop(signal) {
      await Promise.all(balances.map((balance) => balance.stop()));
      await worker.stop(signal);
      await gate.stop();
    },
  };
};

function tellOfClosing({ logger }: RoleParts, account: string, code: string, word: string): void {
  if (word === "closed") {
    logger.error({ account, code }, "the account is closed for submits: key, balance or route need a person");
  }
  if (word === "suspected") {
    logger.warn({ account, code }, "the provider refused the key or the route for one video");
  }
}
