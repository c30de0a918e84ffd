import { untilTrue } from "@rushes/test-rig";
import { readSteps } from "../history/history-folder.ts";
import type { StepLine } from "../history/history-lines.ts";
import type { StrikeSignal } from "../inside/arm.ts";
import { placeOrder } from "../system/caller.ts";
import { plainOrder, type PlannedOrder } from "../system/order-plan.ts";
import type { PartProcess } from "../system/part-process.ts";
import type { ProofSystem } from "../system/proof-system.ts";
import { readLedger } from "../system/read-ledger.ts";
import type { Point } from "./point-table.ts";

const WAIT = { timeoutMs: 90_000, everyMs: 50 };
/** Longer than any of the api's own time-outs towards Redis, shorter than the caller's patience. */
const FROZEN_API_MS = 6_000;
/** Longer than a job's lock and the look for stalled ones, so that the frozen process is given up. */
const FROZEN_WORKER_MS = 8_000;

/**
 * One order, and one process that is struck exactly at the point while it works on it. Then another one finds what is left. A
 * frozen process wakes only after the other has gone on, and says what it still had to say. Resolves when the order has
 * ended or waits for a person, with the order that was placed.
 */
export async function strikeAtPoint(
  system: ProofSystem,
  point: Point,
  signal: StrikeSignal,
): Promise<PlannedOrder> {
  const order = plainOrder(`the order struck at ${point.name} by ${signal}`, point.marker);
  await (point.process === "api" ? strikeApi : strikeWorker)(system, point.name, signal, order);
  await untilTrue(async () => {
    const { queued, submitting, generating, archiving } = (await readLedger(system.inspect).readTotals())
      .phases;
    const left = { queued, submitting, generating, archiving };
    return Object.values(left).every((count) => count === 0) || left;
  }, WAIT);
  return order;
}

type StrikeOrder = (
  system: ProofSystem,
  point: string,
  signal: StrikeSignal,
  order: PlannedOrder,
) => Promise<void>;

/** Whoever works is struck; a new worker takes its place, for this order and for the next. */
const strikeWorker: StrikeOrder = async (system, point, signal, order) => {
  const [victim] = system.workers();
  if (!victim) throw new Error("nobody works");
  const struck = expectStrike(system, victim, point, signal);
  const told = placeOrder(system.apiUrl, system.folder, order);
  const struckAt = await struck();
  const successor = system.replaceWorker(victim);
  await Promise.all([told, successor.untilLogged("has started")]);
  if (signal === "SIGKILL") return;
  await untilTakenUp(system, order, victim, struckAt);
  await wakeAndHear(system, victim);
  await untilQuiet(system, victim);
  await victim.kill();
};

const strikeApi: StrikeOrder = async (system, point, signal, order) => {
  const victim = system.api();
  const struck = expectStrike(system, victim, point, signal);
  const told = placeOrder(system.apiUrl, system.folder, order);
  const struckAt = await struck();
  if (signal === "SIGKILL") {
    await system.startApi();
  } else {
    // It holds its port, so nobody can take its place; its callers give up waiting and come again.
    await untilTrue(() => Date.now() - struckAt > FROZEN_API_MS, WAIT);
    victim.thaw();
  }
  await told;
};

/** Arms the victim. Resolves with the time at which it has struck itself. */
function expectStrike(
  { folder }: ProofSystem,
  victim: PartProcess,
  point: string,
  signal: StrikeSignal,
): () => Promise<number> {
  const strikes = (): StepLine[] =>
    readSteps(folder.stepsPath).filter(({ by, moment }) => by === victim.name && moment === "point");
  const before = strikes().length;
  victim.arm({ point, signal });
  return async () => {
    await untilTrue(() => strikes().length > before || victim.readLog().slice(-800), WAIT);
    return strikes().at(-1)?.at ?? 0;
  };
}

/** Another worker has taken a step about the order, or nobody needs to, and the frozen one's locks are over. */
async function untilTakenUp(
  system: ProofSystem,
  { body }: PlannedOrder,
  victim: PartProcess,
  struckAt: number,
): Promise<void> {
  const ledger = readLedger(system.inspect);
  await untilTrue(async () => {
    if (Date.now() - struckAt < FROZEN_WORKER_MS) return "its locks still hold";
    const { ids } = await ledger.list({ phases: [], owner: null, limit: 1, after: null });
    const [reading] = await ledger.readMany(ids);
    if (reading?.order.input.prompt !== body.input.prompt) return "the order is not there";
    const { phase, id } = reading.record;
    if (phase === "completed" || phase === "failed" || phase === "unconfirmed") return true;
    const isTaken = readSteps(system.folder.stepsPath).some(
      ({ by, at, videos, part }) =>
        by !== victim.name &&
        by.startsWith("worker") &&
        at > struckAt &&
        part !== "queues" &&
        videos?.includes(id),
    );
    return isTaken || phase;
  }, WAIT);
}

const countSteps = ({ folder }: ProofSystem, { name }: PartProcess): number =>
  readSteps(folder.stepsPath).filter(({ by }) => by === name).length;

/**
 * Wakes the frozen process, and waits until it has taken its next step or ended the call it was frozen in; or has said
 * that it could not, where its job was taken over and no step is left to take.
 */
async function wakeAndHear(system: ProofSystem, victim: PartProcess): Promise<void> {
  const before = countSteps(system, victim);
  const said = victim.readLog().length;
  victim.thaw();
  await untilTrue(
    () =>
      countSteps(system, victim) > before || victim.readLog().length > said || victim.readLog().slice(-800),
    WAIT,
  );
}

/** A woken worker that says nothing more for a second has said it all. */
async function untilQuiet(system: ProofSystem, victim: PartProcess): Promise<void> {
  let last = -1;
  let since = 0;
  await untilTrue(() => {
    const now = countSteps(system, victim);
    if (now !== last) [last, since] = [now, performance.now()];
    return performance.now() - since > 1_000;
  }, WAIT);
}
