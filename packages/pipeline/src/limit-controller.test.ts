import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  createLimits,
  decide,
  describeLimits,
  lookDelayMs,
  noteAccepted,
  noteFinished,
  noteLookRefused,
  noteNotSent,
  noteRefused,
  noteRunning,
  noteSent,
  noteUnanswered,
  pinLimits,
  type LimitSettings,
  type LimitState,
} from "./limit-controller.ts";

const MINUTE_MS = 60_000;
const START_MS = 1_000_000;
const at = (nowMs: number) => ({ nowMs, random: () => 0.5 });
const copy = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** What the provider hides, and how it behaves on the way. */
type Hidden = {
  places: number;
  perMinute: number;
  refusalsCount: boolean;
  /** From this minute on, the limits are these shares of themselves. */
  changesAtMinute: number;
  changedTo: number;
  hints: "none" | "retry-after" | "reason";
  /** One call in so many is never answered; 0 = all are. */
  lostEvery: number;
  seed: number;
};

const hidden = fc.record<Hidden>({
  places: fc.integer({ min: 1, max: 40 }),
  perMinute: fc.integer({ min: 2, max: 120 }),
  refusalsCount: fc.boolean(),
  changesAtMinute: fc.integer({ min: 2, max: 5 }),
  changedTo: fc.constantFrom(0.3, 1, 3),
  hints: fc.constantFrom("none", "retry-after", "reason"),
  lostEvery: fc.constantFrom(0, 0, 7),
  seed: fc.nat(),
});

type Send = { sentAtMs: number; nowMs: number; before: LimitState; inFlight: number };
type Drill = {
  settings?: LimitSettings;
  minutes?: number;
  /** Multiplies every time of the drill. */
  scale?: number;
  onSend?: (send: Send) => void;
  onStep?: (state: LimitState, nowMs: number) => LimitState | undefined;
  onAccepted?: (running: number) => void;
  onRefused?: (nowMs: number) => void;
  onAnswered?: (sentAtMs: number) => void;
};

/** A saturated queue against a hidden provider: asks whenever it may, step by step of a tenth of a second. */
function drill(
  account: Hidden,
  options: Drill = {},
): { state: LimitState; accepted: number; refused: number } {
  const { minutes = 8, scale = 1 } = options;
  let state = createLimits(options.settings);
  let seed = account.seed;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32;
  };
  const stepMs = 100 * scale;
  const answers: {
    atMs: number;
    sentAtMs: number;
    accepted: boolean;
    endsAtMs: number;
    retryAfterMs: number;
    reason: "rate" | "concurrency";
  }[] = [];
  const running: { acceptedAtMs: number; endsAtMs: number }[] = [];
  let hiddenRunning: number[] = [];
  let counted: number[] = [];
  let [sent, accepted, refused] = [0, 0, 0];
  let pending = 0;
  let lost: number[] = [];
  for (let step = 0; step < minutes * 600; step += 1) {
    const nowMs = START_MS * scale + step * stepMs;
    const context = { nowMs, random };
    state = options.onStep?.(state, nowMs) ?? state;
    hiddenRunning = hiddenRunning.filter((endsAtMs) => endsAtMs > nowMs);
    lost = lost.filter((endsAtMs) => endsAtMs > nowMs);
    for (const answer of answers.splice(0, answers.findIndex(({ atMs }) => atMs > nowMs) >>> 0)) {
      pending -= 1;
      options.onAnswered?.(answer.sentAtMs);
      if (answer.accepted) {
        accepted += 1;
        noteAccepted(state, context, answer.sentAtMs);
        running.push({ acceptedAtMs: nowMs, endsAtMs: answer.endsAtMs });
        options.onAccepted?.(running.length);
      } else {
        refused += 1;
        const { retryAfterMs, reason } = answer;
        noteRefused(state, context, answer.sentAtMs, {
          ...(account.hints === "retry-after" && reason === "rate" ? { retryAfterMs } : {}),
          ...(account.hints === "reason" ? { reason } : {}),
        });
        options.onRefused?.(nowMs);
      }
    }
    for (let i = running.length - 1; i >= 0; i -= 1) {
      const task = running[i];
      if (task === undefined || task.endsAtMs > nowMs) continue;
      noteFinished(state, context, task.acceptedAtMs);
      running.splice(i, 1);
    }
    for (let calls = 0; calls < 50 && decide(state, context).go; calls += 1) {
      options.onSend?.({
        sentAtMs: nowMs,
        nowMs,
        before: state,
        inFlight: running.length + pending + lost.length,
      });
      noteSent(state, context);
      sent += 1;
      const share = step >= account.changesAtMinute * 600 ? account.changedTo : 1;
      counted = counted.filter((atMs) => atMs > nowMs - MINUTE_MS * scale);
      const fullRate = counted.length >= Math.max(1, Math.round(account.perMinute * share));
      const full = hiddenRunning.length >= Math.max(1, Math.round(account.places * share));
      const taken = !fullRate && !full;
      if (taken || account.refusalsCount) counted.push(nowMs);
      const endsAtMs = nowMs + Math.round(60_000 + 30_000 * random()) * scale;
      if (taken) hiddenRunning.push(endsAtMs);
      if (account.lostEvery > 0 && sent % account.lostEvery === 0) {
        lost.push(nowMs + 1_800_000 * scale);
        continue;
      }
      pending += 1;
      answers.push({
        atMs: nowMs + (3 + (sent % 3)) * stepMs,
        sentAtMs: nowMs,
        accepted: taken,
        endsAtMs,
        retryAfterMs: (counted[0] ?? nowMs) + MINUTE_MS * scale - nowMs,
        reason: fullRate ? "rate" : "concurrency",
      });
      answers.sort((a, b) => a.atMs - b.atMs);
    }
  }
  return { state, accepted, refused };
}

const RUNS = { numRuns: 20 };
/** Some drive many minutes of virtual time; a loaded machine needs real ones for it. */
const SLOW = { timeout: 120_000 };

describe("what is promised whatever the provider does", SLOW, () => {
  test("after the first 429 there is never more in flight than was ever accepted, but for one call at a time", () => {
    fc.assert(
      fc.property(hidden, (account) => {
        let proven = 0;
        let throttled = false;
        const beyond = new Set<number>();
        drill(
          { ...account, lostEvery: 0 },
          {
            onAccepted: (running) => (proven = Math.max(proven, running)),
            onRefused: () => (throttled = true),
            onAnswered: (sentAtMs) => beyond.delete(sentAtMs),
            onSend({ sentAtMs, inFlight }) {
              if (!throttled || inFlight < proven) return;
              expect(inFlight).toBe(proven);
              expect([...beyond]).toEqual([]);
              beyond.add(sentAtMs);
            },
          },
        );
      }),
      RUNS,
    );
  });

  test("there are never two probes, over all replicas, unless the first one's answer is overdue", () => {
    fc.assert(
      fc.property(hidden, (account) => {
        let underway: number | null = null;
        drill(account, {
          onAnswered: (sentAtMs) => (underway = underway === sentAtMs ? null : underway),
          onSend({ before, nowMs }) {
            const after = copy(before);
            noteSent(after, at(nowMs));
            if (after.probe === null || after.probe.sentAtMs !== nowMs || before.probe?.sentAtMs === nowMs)
              return;
            if (underway !== null) expect(nowMs - underway).toBeGreaterThanOrEqual(35_000);
            underway = nowMs;
          },
        });
      }),
      RUNS,
    );
  });

  test("a fixed limit is never exceeded, and where both are fixed right nothing is ever refused", () => {
    fc.assert(
      fc.property(
        hidden,
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 20 }),
        (account, fixedConcurrency, fixedRate) => {
          const sends: number[] = [];
          const { refused } = drill(
            { ...account, places: 10, perMinute: 20, changedTo: 1, lostEvery: 0 },
            {
              settings: { fixedConcurrency, fixedRate },
              onSend({ nowMs, inFlight }) {
                expect(inFlight).toBeLessThan(fixedConcurrency);
                sends.push(nowMs);
                expect(sends.filter((atMs) => atMs > nowMs - MINUTE_MS).length).toBeLessThanOrEqual(
                  fixedRate,
                );
              },
            },
          );
          expect(refused).toBe(0);
        },
      ),
      RUNS,
    );
  });

  test("a fixed limit is not probed, whatever is learned beside it", () => {
    fc.assert(
      fc.property(hidden, (account) => {
        drill(account, {
          settings: { fixedConcurrency: 7 },
          onSend: ({ inFlight }) => expect(inFlight).toBeLessThan(7),
        });
      }),
      RUNS,
    );
  });

  test("a state that goes through JSON at every step decides the same", () => {
    fc.assert(
      fc.property(hidden, (account) => {
        const trace = (onStep?: Drill["onStep"]) => {
          const sends: number[] = [];
          const options = { minutes: 6, onSend: ({ nowMs }: Send) => void sends.push(nowMs) };
          const { state } = drill(account, onStep ? { ...options, onStep } : options);
          return { sends, state };
        };
        expect(trace((state) => copy(state))).toEqual(trace());
      }),
      { numRuns: 15 },
    );
  });

  test("in scaled time it does the same, only sooner", () => {
    fc.assert(
      fc.property(hidden, (account) => {
        const trace = (scale: number) => {
          const sends: number[] = [];
          drill(account, {
            scale,
            settings: { timeScale: scale },
            onSend: ({ nowMs }) => void sends.push(nowMs / scale - START_MS),
          });
          return sends;
        };
        // A power of two keeps every sum exact.
        expect(trace(1 / 64)).toEqual(trace(1));
      }),
      RUNS,
    );
  });

  test("deciding changes nothing", () => {
    fc.assert(
      fc.property(hidden, fc.integer({ min: 0, max: 100_000 }), (account, laterMs) => {
        const { state } = drill(account, { minutes: 4 });
        const before = copy(state);
        decide(state, at(START_MS + 4 * MINUTE_MS + laterMs));
        describeLimits(state, at(START_MS + 4 * MINUTE_MS + laterMs));
        expect(state).toEqual(before);
      }),
      RUNS,
    );
  });

  test("a named time is in the future, and asking then or after the next note gets further: no call is ever stuck", () => {
    fc.assert(
      fc.property(hidden, (account) => {
        const { state } = drill(account, { minutes: 5 });
        let nowMs = START_MS + 5 * MINUTE_MS;
        // Everything comes to its end, and nobody else asks.
        for (let round = 0; round < 200; round += 1) {
          const decision = decide(state, at(nowMs));
          if (decision.go) return;
          if (decision.untilMs === null) nowMs += 1_000;
          else {
            expect(decision.untilMs).toBeGreaterThan(nowMs);
            nowMs = Math.ceil(decision.untilMs);
          }
          while (state.running[0]) noteFinished(state, at(nowMs), state.running[0][0]);
          while (state.pending[0]) noteUnanswered(state, at(nowMs), state.pending[0][0]);
        }
        expect.unreachable("nothing goes any more");
      }),
      RUNS,
    );
  });

  test("the state stays small however busy the account is", () => {
    const { state } = drill(
      {
        places: 400,
        perMinute: 1_500,
        refusalsCount: true,
        changesAtMinute: 5,
        changedTo: 0.3,
        hints: "none",
        lostEvery: 9,
        seed: 1,
      },
      { minutes: 10 },
    );
    for (const tally of [state.pending, state.running, state.window, state.refused])
      expect(tally.length).toBeLessThanOrEqual(64);
    expect(JSON.stringify(state).length).toBeLessThan(8_000);
  });
});

describe("answers that never come", SLOW, () => {
  test("calls without an answer count as accepted after the deadline, and hold a place no longer than a lease", () => {
    const state = createLimits({ fixedConcurrency: 3 });
    const limits = (nowMs: number) => describeLimits(state, at(nowMs));
    noteSent(state, at(START_MS));
    expect(limits(START_MS)).toMatchObject({ inFlight: 1, pending: 1 });
    expect(limits(START_MS + 36_000)).toMatchObject({ inFlight: 1, pending: 0 });
    noteSent(state, at(START_MS + 36_000));
    noteSent(state, at(START_MS + 36_000));
    expect(decide(state, at(START_MS + 80_000)).go).toBe(false);
    expect(limits(START_MS + 1_900_000)).toMatchObject({ inFlight: 0, pending: 0 });
    expect(decide(state, at(START_MS + 1_900_000)).go).toBe(true);
  });

  test("the only probe is free again when its answer is overdue", () => {
    const state = probingState();
    const { sentAtMs } = state.probe ?? { sentAtMs: Number.NaN };
    // Another of the tasks in flight ends, so that only the missing answer is in the way.
    expect(describeLimits(state, at(sentAtMs + 1_000)).probing).not.toBeNull();
    expect(describeLimits(state, at(sentAtMs + 36_000)).probing).toBeNull();
  });

  test("an unanswered probe ends, proves nothing and keeps its place", () => {
    const state = probingState();
    const { sentAtMs } = state.probe ?? { sentAtMs: Number.NaN };
    const before = describeLimits(state, at(sentAtMs));
    noteUnanswered(state, at(sentAtMs + 30_000), sentAtMs);
    expect(describeLimits(state, at(sentAtMs + 30_000))).toMatchObject({
      probing: null,
      limit: before.limit,
      inFlight: before.inFlight,
    });
  });

  test("the late answer of a call that was given up does not count twice", () => {
    const state = createLimits();
    noteSent(state, at(START_MS));
    noteUnanswered(state, at(START_MS + 30_000), START_MS);
    noteSent(state, at(START_MS + 31_000));
    noteAccepted(state, at(START_MS + 31_500), START_MS);
    expect(describeLimits(state, at(START_MS + 31_500))).toMatchObject({ inFlight: 2, pending: 1 });
    noteFinished(state, at(START_MS + 90_000), START_MS);
    expect(describeLimits(state, at(START_MS + 90_000)).inFlight).toBe(1);
  });

  test("a call that never left takes nothing with it", () => {
    const state = createLimits();
    noteSent(state, at(START_MS));
    noteNotSent(state, at(START_MS + 10), START_MS);
    expect(describeLimits(state, at(START_MS + 10))).toMatchObject({
      inFlight: 0,
      pending: 0,
      lastMinute: 0,
    });
  });

  test("the books of the leases mend a count whose ends were lost", () => {
    const state = createLimits({ fixedConcurrency: 2 });
    for (const sentAtMs of [START_MS, START_MS + 1]) {
      noteSent(state, at(sentAtMs));
      noteAccepted(state, at(sentAtMs + 300), sentAtMs);
    }
    expect(decide(state, at(START_MS + 2_000)).go).toBe(false);
    noteRunning(state, at(START_MS + 2_000), [START_MS + 301]);
    expect(describeLimits(state, at(START_MS + 2_000)).inFlight).toBe(1);
    expect(decide(state, at(START_MS + 2_000)).go).toBe(true);
  });
});

/** Learns a limit of three, then waits until a probe is underway. */
function probingState(): LimitState {
  let found: LimitState | undefined;
  drill(
    {
      places: 3,
      perMinute: 1_000,
      refusalsCount: false,
      changesAtMinute: 60,
      changedTo: 1,
      hints: "reason",
      lostEvery: 0,
      seed: 4,
    },
    {
      minutes: 60,
      onStep: (state) => {
        if (found === undefined && state.probe !== null && state.places.proven) found = copy(state);
        return undefined;
      },
    },
  );
  if (found === undefined) throw new Error("no probe in an hour");
  return found;
}

const plain: Hidden = {
  places: 10_000,
  perMinute: 10_000,
  refusalsCount: false,
  changesAtMinute: 1_000,
  changedTo: 1,
  hints: "none",
  lostEvery: 0,
  seed: 3,
};

describe("what it finds", SLOW, () => {
  test.each(["none", "retry-after", "reason"] as const)("tasks in flight, with hints: %s", (hints) => {
    const { state, accepted, refused } = drill({ ...plain, places: 20, hints }, { minutes: 30 });
    const { limit, limitIs } = describeLimits(state, at(START_MS + 30 * MINUTE_MS));
    expect(limitIs).toBe("proven");
    expect(limit).toBeGreaterThanOrEqual(20);
    expect(limit).toBeLessThanOrEqual(21);
    expect(refused / accepted).toBeLessThan(0.1);
  });

  test.each(["none", "retry-after", "reason"] as const)("requests a minute, with hints: %s", (hints) => {
    const { state, accepted } = drill({ ...plain, perMinute: 20, hints }, { minutes: 30 });
    const { ratePerMinute } = describeLimits(state, at(START_MS + 30 * MINUTE_MS));
    expect(ratePerMinute).toBeGreaterThanOrEqual(19);
    expect(ratePerMinute).toBeLessThanOrEqual(21);
    expect(accepted).toBeGreaterThan(28 * 20);
  });

  test("an account whose refused calls count is not locked out", () => {
    const { state, accepted, refused } = drill(
      { ...plain, perMinute: 20, refusalsCount: true },
      { minutes: 60 },
    );
    expect(accepted).toBeGreaterThan(0.93 * 60 * 20);
    expect(refused).toBeLessThan(0.05 * accepted);
    expect(describeLimits(state, at(START_MS + 60 * MINUTE_MS)).refusalsCount).toBe(true);
  });

  test("a named time that is refused over and over is not trusted for ever", () => {
    const state = createLimits();
    let nowMs = START_MS;
    const gapsMs: number[] = [];
    for (let call = 0; call < 8; call += 1) {
      for (let decision = decide(state, at(nowMs)); !decision.go; decision = decide(state, at(nowMs)))
        nowMs = Math.ceil(decision.untilMs ?? nowMs + 1_000);
      gapsMs.push(nowMs - START_MS);
      noteSent(state, at(nowMs));
      nowMs += 300;
      noteRefused(state, at(nowMs), nowMs - 300, { retryAfterMs: 5_000 });
    }
    expect((gapsMs.at(-1) ?? 0) - (gapsMs.at(-2) ?? 0)).toBeGreaterThan(60_000);
  });

  test("many refusals at once are one event", () => {
    const state = createLimits();
    for (let call = 0; call < 30; call += 1) {
      noteSent(state, at(START_MS + call));
      if (call < 20) noteAccepted(state, at(START_MS + 300 + call), START_MS + call);
    }
    for (let call = 20; call < 30; call += 1)
      noteRefused(state, at(START_MS + 300 + call), START_MS + call, { reason: "concurrency" });
    expect(describeLimits(state, at(START_MS + 400))).toMatchObject({
      limit: 20,
      limitIs: "proven",
      inFlight: 20,
    });
  });
});

describe("how soon it tries again", SLOW, () => {
  test("an account that fell far is tried again after few acceptances, one that did not after many", () => {
    const longest = (changedTo: number) => {
      let most = 0;
      drill(
        { ...plain, places: 20, hints: "reason", changesAtMinute: 20, changedTo },
        {
          minutes: 45,
          onStep(state, nowMs) {
            if (nowMs < START_MS + 25 * MINUTE_MS) return undefined;
            most = Math.max(most, describeLimits(state, at(nowMs)).acceptancesToProbe);
            return undefined;
          },
        },
      );
      return most;
    };
    expect(longest(0.3)).toBeLessThanOrEqual(14);
    expect(longest(1)).toBeGreaterThan(30);
  });

  test("what fell long ago is the limit now, and tried as seldom as any other", () => {
    let most = 0;
    drill(
      { ...plain, places: 20, hints: "reason", changesAtMinute: 20, changedTo: 0.3 },
      {
        minutes: 120,
        onStep(state, nowMs) {
          if (nowMs < START_MS + 100 * MINUTE_MS) return undefined;
          most = Math.max(most, describeLimits(state, at(nowMs)).acceptancesToProbe);
          return undefined;
        },
      },
    );
    expect(most).toBeGreaterThan(30);
  });

  test("the first probes that are accepted are followed after a look, a raise beyond doubt at once", () => {
    const risenAtMs = new Map<number, number>();
    drill(
      { ...plain, places: 10, hints: "reason", changesAtMinute: 10, changedTo: 3 },
      {
        minutes: 30,
        onStep(state, nowMs) {
          if (nowMs < START_MS + 10 * MINUTE_MS) return undefined;
          if (!risenAtMs.has(state.proven)) risenAtMs.set(state.proven, nowMs);
          return undefined;
        },
      },
    );
    const between = (from: number, to: number) =>
      (risenAtMs.get(to) ?? Number.NaN) - (risenAtMs.get(from) ?? Number.NaN);
    for (const proven of [11, 12, 13]) expect(between(proven, proven + 1)).toBeGreaterThan(8_000);
    expect(between(14, 28)).toBeLessThan(14 * 1_000);
  });

  test("while the pace is searched, a call that tests the places keeps the distance that was lately accepted", () => {
    const { state } = drill({ ...plain, places: 5, hints: "reason" }, { minutes: 10 });
    const { places, rate } = state;
    const nowMs = START_MS + 20 * MINUTE_MS;
    noteRunning(
      state,
      at(nowMs),
      [5, 4, 3, 2, 1].map((before) => nowMs - before * 1_000),
    );
    places.calm = 100;
    rate.peak = { now: 4, before: 4, sinceMs: nowMs };
    Object.assign(rate, { high: 30, base: 4, proven: true, searching: true, paceAtMs: nowMs });
    state.lastSentMs = nowMs - 5_000;
    // Four a minute are known to be accepted, so a refusal after a quarter of a minute can only come from the places.
    expect(decide(state, at(nowMs))).toEqual({ go: false, untilMs: nowMs + 10_000 });
    expect(decide(state, at(nowMs + 10_000))).toEqual({ go: true });
    // What is raised beyond doubt is not held up.
    Object.assign(places, { climbing: true, ease: 0 });
    expect(decide(state, at(nowMs))).toEqual({ go: true });
  });
});

describe("limits that a person sets while it runs", () => {
  test("are kept from then on, and what was learned is there again when they are lifted", () => {
    const { state } = drill({ ...plain, places: 20, hints: "reason" }, { minutes: 10 });
    const nowMs = START_MS + 10 * MINUTE_MS;
    const learned = describeLimits(state, at(nowMs));
    pinLimits(state, { fixedConcurrency: 4 });
    expect(describeLimits(state, at(nowMs))).toMatchObject({ limit: 4, limitIs: "fixed" });
    expect(decide(state, at(nowMs)).go).toBe(false);
    pinLimits(state, {});
    expect(describeLimits(state, at(nowMs))).toEqual(learned);
  });
});

describe("looks at running tasks", SLOW, () => {
  const looked = (times: number) => {
    const state = createLimits();
    for (let time = 0; time < times; time += 1) noteLookRefused(state, at(START_MS + time * 6_000));
    return { state, now: at(START_MS + (times - 1) * 6_000) };
  };

  test("refused looks stretch the gaps, first within 5 to 10 s and then beyond", () => {
    const gaps = [0, 1, 2, 3].map((times) => {
      const { state, now } = looked(times);
      return lookDelayMs(state, now, 5_000);
    });
    expect(gaps[0]).toBe(5_000);
    expect(gaps[1]).toBeGreaterThan(5_000);
    expect(gaps[1]).toBeLessThan(10_000);
    expect(gaps[3]).toBeGreaterThan(10_000);
  });

  test("submits stop only when the gaps are stretched far, and go on when that wears off", () => {
    expect(decide(looked(3).state, looked(3).now)).toEqual({ go: true });
    const { state, now } = looked(5);
    expect(lookDelayMs(state, now, 5_000)).toBeGreaterThan(20_000);
    const decision = decide(state, now);
    if (decision.go || decision.untilMs === null) throw new Error("submits go on");
    expect(decide(state, at(decision.untilMs))).toEqual({ go: true });
  });

  test("refused submits never slow looks", () => {
    fc.assert(
      fc.property(hidden, (account) => {
        const { state } = drill(account, { minutes: 5 });
        expect(lookDelayMs(state, at(START_MS + 5 * MINUTE_MS), 7_000)).toBe(7_000);
      }),
      RUNS,
    );
  });

  test("looks of all replicas that were underway are one event, and a named time is kept", () => {
    const state = createLimits();
    noteLookRefused(state, at(START_MS));
    const once = lookDelayMs(state, at(START_MS + 500), 5_000);
    noteLookRefused(state, at(START_MS + 500), { retryAfterMs: 30_000 });
    expect(lookDelayMs(state, at(START_MS + 500), 5_000)).toBe(30_000);
    expect(lookDelayMs(state, at(START_MS + 40_000), 5_000)).toBeLessThan(once);
  });
});
