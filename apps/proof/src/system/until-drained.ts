import { untilTrue } from "@rushes/test-rig";
import { STAGES } from "@rushes/pipeline";
import { KEY_PREFIX } from "@rushes/ledger";
import type { ProofSystem } from "./proof-system.ts";
import { readLedger } from "./read-ledger.ts";

/** What the provider drops it never sends; what it sends it gives up after the last pause of `SANDBOX_PACE`. */
const DELIVERIES = 4;
/** From the end of a task until a callback that was sent at once would be in the journal. */
const FIRST_DELIVERY_MS = 25_000;

/**
 * Resolves with the time when nothing is left to do: every order has ended or waits for a person, no callback is still to
 * come that could help one, and no job is left in the queues. Null when that does not come.
 */
export async function untilDrained(system: ProofSystem, timeoutMs: number): Promise<number | null> {
  const ledger = readLedger(system.inspect);
  try {
    await untilTrue(
      async () => {
        const { phases } = await ledger.readTotals();
        const { queued, submitting, generating, archiving } = phases;
        const jobs = await countJobs(system);
        const hopes = phases.unconfirmed === 0 ? 0 : await countHopes(system, ledger);
        const left = { queued, submitting, generating, archiving, jobs, hopes };
        return Object.values(left).every((count) => count === 0) || left;
      },
      { timeoutMs, everyMs: 200 },
    );
    return Date.now();
  } catch {
    return null;
  }
}

/** Finished jobs stay for people to look at; all others count. */
async function countJobs({ inspect }: ProofSystem): Promise<number> {
  const pipeline = inspect.pipeline();
  for (const stage of STAGES) {
    const queue = `${KEY_PREFIX}:${stage}`;
    pipeline.llen(`${queue}:wait`).llen(`${queue}:active`).llen(`${queue}:paused`);
    pipeline.zcard(`${queue}:delayed`).zcard(`${queue}:prioritized`);
  }
  const answers = (await pipeline.exec()) ?? [];
  return answers.reduce((sum, [, count]) => sum + Number(count), 0);
}

/** Unconfirmed orders that were charged, and whose callback may still come. */
async function countHopes({ sandbox }: ProofSystem, ledger: ReturnType<typeof readLedger>): Promise<number> {
  const { ids } = await ledger.list({ phases: ["unconfirmed"], owner: null, limit: 1_000, after: null });
  const prompts = new Set((await ledger.readMany(ids)).map(({ order }) => order.input.prompt));
  const sent = Map.groupBy(
    sandbox.journal().filter(({ operation, faults }) => operation === "callback" && faults.length === 0),
    ({ taskId }) => taskId,
  );
  return sandbox.tasks().filter(({ taskId, prompt, callbackUrl, completeTime }) => {
    if (!prompts.has(prompt) || callbackUrl === null) return false;
    if (completeTime === null) return true;
    const deliveries = sent.get(taskId)?.length ?? 0;
    // A callback that is late or hangs on a frozen api is not in the journal yet; one that was dropped never will be.
    if (deliveries === 0) return Date.now() - completeTime < FIRST_DELIVERY_MS;
    return deliveries < DELIVERIES;
  }).length;
}
