import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { createRandom, type Random } from "../seeded-random.ts";
import type { DeathLine } from "./copy-lines.ts";
import type { PlannedCopy } from "./copy-plan.ts";
import { KILL_MOMENTS, type KillMoment } from "./faulty-bucket.ts";
import type { FromHand, HandOrder, ToHand } from "./hand-messages.ts";

export type CrewOrder = Pick<HandOrder, "contender" | "seed" | "originUrl" | "bucketUrl" | "trapUrl"> & {
  copies: readonly PlannedCopy[];
  hands: number;
  kills: number;
  handsPath: string;
  /** What the hands themselves say goes there, for people. */
  logsPath: string;
  /** Becomes the hands' folder for temp files. */
  tempPath: string;
};

export type HandCrew = {
  /** To be called with every moment that the bucket sees; it may be the last one of that hand. */
  onMoment(moment: KillMoment, hand: string): void;
  /** Resolves when every copy is stored or given up, and every hand has ended. */
  untilDone(): Promise<DeathLine[]>;
};

type Hand = {
  name: string;
  child: ChildProcess;
  holds: Map<string, PlannedCopy>;
  /** How many copies it would take up now. */
  wants: number;
  killedAt: KillMoment | null;
};

const PARALLEL = 12;
/** So many copies are done once more when they have ended, as after a death between the store and the record. */
const REPEATED = 0.05;
/** Beyond the kills; a contender that ends at every turn gets nothing done. */
const DEATHS_MOST = 100;

/** Starts the hands and gives them work; what a dead hand held goes to the others, and a new hand takes its place. */
export function startHandCrew(order: CrewOrder, onProgress: (words: string) => void): HandCrew {
  const { seed, contender, copies, originUrl, bucketUrl, trapUrl } = order;
  const waiting = [...copies];
  const kills = planKills(order.kills, copies.length, createRandom(seed, "kills"));
  const hands = new Set<Hand>();
  const deaths: DeathLine[] = [];
  const repeats = new Set<string>();
  const done = Promise.withResolvers<void>();
  let started = 0;
  let ended = 0;
  let isOver = false;

  function startHand(): void {
    const name = `${contender}-${(started += 1)}`;
    const linesPath = join(order.handsPath, `${name}.ndjson`);
    const told: HandOrder = {
      name,
      contender,
      seed,
      originUrl,
      bucketUrl,
      trapUrl,
      linesPath,
      parallel: PARALLEL,
    };
    const log = openSync(join(order.logsPath, `${name}.log`), "a");
    const child = fork(join(import.meta.dirname, "hand-process.ts"), [JSON.stringify(told)], {
      execArgv: ["--conditions=source"],
      env: { PATH: process.env["PATH"] ?? "", TMPDIR: order.tempPath },
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    const hand: Hand = { name, child, holds: new Map(), wants: 0, killedAt: null };
    hands.add(hand);
    running.add(child);
    // Words to a hand that has just died; its end is heard below.
    child.on("error", () => {});
    child.on("message", (message: FromHand) => {
      if (message.say === "ended") onEnded(hand, message.name);
      hand.wants += 1;
      handOut();
    });
    child.once("exit", (code, signal) => {
      running.delete(child);
      hands.delete(hand);
      if (isOver) return;
      const how = hand.killedAt === null ? "by-itself" : "killed";
      deaths.push({ at: Date.now(), hand: name, how, moment: hand.killedAt ?? `exit ${code ?? signal}` });
      waiting.unshift(...hand.holds.values());
      if (deaths.length > order.kills + DEATHS_MOST)
        done.reject(new Error("hands end as fast as they start"));
      else startHand();
    });
  }

  function onEnded(hand: Hand, name: string): void {
    const copy = hand.holds.get(name);
    hand.holds.delete(name);
    ended += 1;
    // Whether a copy is repeated follows from its name, and not from who was first.
    if (copy && !repeats.has(name) && createRandom(seed, `repeat ${name}`).next() < REPEATED) {
      repeats.add(name);
      waiting.push(copy);
    }
  }

  function handOut(): void {
    for (const hand of hands) {
      while (hand.wants > 0 && hand.killedAt === null) {
        const copy = waiting.shift();
        if (copy === undefined) break;
        hand.wants -= 1;
        hand.holds.set(copy.name, copy);
        hand.child.send({ say: "copy", copy } satisfies ToHand);
      }
    }
    onProgress(`${ended} of ${copies.length + repeats.size} copies, ${deaths.length} hands dead`);
    if (waiting.length === 0 && [...hands].every(({ holds }) => holds.size === 0)) done.resolve();
  }

  for (let hand = 0; hand < order.hands; hand += 1) startHand();
  return {
    onMoment(moment, name) {
      const [next] = kills;
      if (next === undefined || ended < next.afterEnded || moment !== next.moment) return;
      const hand = [...hands].find((one) => one.name === name && one.killedAt === null);
      if (hand === undefined) return;
      kills.shift();
      hand.killedAt = moment;
      hand.child.kill("SIGKILL");
    },
    async untilDone() {
      try {
        await done.promise;
      } finally {
        isOver = true;
      }
      await Promise.all(
        [...hands].map(async ({ child }) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const exited = once(child, "exit");
          child.send({ say: "end" } satisfies ToHand);
          await exited;
        }),
      );
      return deaths;
    },
  };
}

/** A runner that ends early must not leave processes behind. */
const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** Evenly over the work, each at a moment of its own. */
function planKills(
  count: number,
  copies: number,
  random: Random,
): { afterEnded: number; moment: KillMoment }[] {
  return Array.from({ length: count }, (_, index) => ({
    afterEnded: Math.floor(((index + random.next()) * copies) / count),
    moment: random.pick(KILL_MOMENTS),
  }));
}
