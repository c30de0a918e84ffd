import { chargesOf, isFinal } from "@rushes/pipeline";
import { isAccepted, PRICE, type Sight, type World } from "./world.ts";

/** What does not hold after a move although it must, whatever came before; in words. */
export function violations(world: World, before: Sight, after: Sight): string[] {
  return [
    ...chargeViolations(world, after),
    ...placeViolations(after),
    ...moneyViolations(world, after),
    ...endViolations(world, before, after),
  ];
}

function chargeViolations(world: World, { record, strays }: Sight): string[] {
  const bad: string[] = [];
  const { attempts, maxCharges } = record;
  const accepted = world.posts.filter(isAccepted);
  const unconsented = accepted.filter(
    (post) =>
      !world.consentedOver.has(post.attempt.number) && !(world.retries && post.state === "task_failed"),
  );
  if (unconsented.length > 1) bad.push("two charges that nobody agreed to");
  if (accepted.length > maxCharges) bad.push("more charges than allowed");
  if (chargesOf(record) > maxCharges) bad.push("more attempts that may cost than allowed");
  for (const post of world.posts) {
    if (
      post.state !== "not_accepted" &&
      !attempts.some((attempt) => attempt.secret === post.attempt.secret)
    ) {
      bad.push("a POST without an intent on record");
    }
    const isKnown = strays.has(post.taskId) || attempts.some((attempt) => attempt.taskId === post.taskId);
    if (isAccepted(post) && post.heard && !isKnown) bad.push(`${post.taskId} was heard of and forgotten`);
  }
  return bad;
}

const OPEN_ENDED: readonly string[] = ["open", "unknown", "accepted"];

function placeViolations({ record, leases, isDue }: Sight): string[] {
  const bad: string[] = [];
  for (const { number, state } of record.attempts) {
    if (state === "open" && record.phase !== "submitting")
      bad.push("an open charge that no deadline watches");
    const holds = leases.has(number);
    if (holds !== OPEN_ENDED.includes(state))
      bad.push(`attempt ${number} is ${state} and ${holds ? "holds a" : "holds no"} place`);
  }
  if (!isFinal(record.phase) && record.phase !== "unconfirmed" && !isDue)
    bad.push(`${record.phase} without a due time`);
  return bad;
}

function moneyViolations(world: World, { record, strays, spend }: Sight): string[] {
  const bad: string[] = [];
  const held = { reserved: 0, billed: strays.size * PRICE };
  for (const attempt of record.attempts) if (attempt.money !== "returned") held[attempt.money] += PRICE;
  const free = record.reservedMicros - held.reserved;
  if (free !== 0 && !(free === PRICE && record.phase === "queued")) {
    bad.push(`reserved ${record.reservedMicros}, attempts hold ${held.reserved}`);
  }
  if (record.billedMicros !== held.billed)
    bad.push(`billed ${record.billedMicros}, attempts hold ${held.billed}`);
  if (spend.reserved !== record.reservedMicros || spend.billed !== record.billedMicros) {
    bad.push("the day's sums differ from the record");
  }
  const accepted = world.posts.filter(isAccepted);
  const isSettled =
    isFinal(record.phase) && record.attempts.every(({ state }) => !OPEN_ENDED.includes(state));
  if (isSettled && accepted.every((post) => post.heard)) {
    const isExact = record.reservedMicros === 0 && record.billedMicros === accepted.length * PRICE;
    if (!isExact) bad.push("the money is not exact at the end");
  }
  if (record.reservedMicros + record.billedMicros < accepted.length * PRICE)
    bad.push("spent more than reserved and billed");
  return bad;
}

function endViolations(world: World, { record: was }: Sight, { record, strays }: Sight): string[] {
  const bad: string[] = [];
  const lastMove = world.said.at(-1) ?? "";
  if (
    record.phase === "cancelled" &&
    world.posts.some((post) => ["in_network", "running", "done"].includes(post.state))
  ) {
    bad.push("cancelled although a charge may exist");
  }
  if (world.acknowledgedCancel && record.phase !== "cancelled") bad.push("an acknowledged cancel was undone");
  if (was.phase === "completed" && record.phase !== "completed") bad.push("a completed video was undone");
  if (was.phase === "failed" && record.phase === "completed" && record.output.length === 0)
    bad.push("completed without a file");
  const parkedByClock =
    was.phase === "submitting" && record.phase === "unconfirmed" && /deadline script|sweep/.test(lastMove);
  if (parkedByClock && was.attempts.at(-1)?.deadlineMs !== 1) bad.push("parked before its deadline");
  const gaveUp = !isFinal(was.phase) && (record.phase === "failed" || record.phase === "cancelled");
  if (gaveUp && !/write-off|gone/.test(lastMove)) {
    for (const post of world.posts) {
      if (post.state === "task_failed" || !isAccepted(post) || !post.heard || strays.has(post.taskId))
        continue;
      const holder = record.attempts.find((attempt) => attempt.taskId === post.taskId);
      if (holder?.state !== "result_gone") bad.push(`${post.taskId} is alive and was dropped`);
    }
  }
  return bad;
}
