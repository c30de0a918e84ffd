import type { SeededRandom } from "../seeded-random.ts";
import type { ChosenFault } from "./fault-spec.ts";
import { parseFault } from "./fault-spec.ts";
import type { Fault, FaultMoment } from "./fault.ts";

/** Who meets a fault: `scope` is what `times` counts within, `lot` what the draw is made for. */
export type Meeting = {
  markers: readonly ChosenFault[];
  /** The probabilities in force: specification → 0 to 1. */
  probabilities: Readonly<Record<string, number>>;
  /** For example a task id, or a prompt. */
  scope: string;
  /** For example the task's ordinal: the same seed and lot give the same luck. */
  lot: string;
};

export type Struck<At extends FaultMoment> = ChosenFault & { fault: Extract<Fault, { at: At }> };

type Applies<At extends FaultMoment> = (fault: Struck<At>["fault"]) => boolean;

export type FaultDraw = {
  /**
   * The faults that strike at this moment: markers in their order, then settings in theirs. One that `applies` says
   * no to is neither drawn nor counted.
   */
  strike<At extends FaultMoment>(at: At, meeting: Meeting, applies?: Applies<At>): Struck<At>[];
  reset(): void;
};

/**
 * Chance per specification: without `times` every event draws anew; with `times` one draw decides for all the events
 * of its lot, so `status:null:3` at 0.2 gives a fifth of the tasks three empty answers.
 */
export function createFaultDraw(random: SeededRandom): FaultDraw {
  const counts = new Map<string, number>();

  function next(counter: string): number {
    const count = (counts.get(counter) ?? 0) + 1;
    counts.set(counter, count);
    return count;
  }

  return {
    strike<At extends FaultMoment>(
      at: At,
      { markers, probabilities, scope, lot }: Meeting,
      applies: Applies<At> = () => true,
    ): Struck<At>[] {
      const isDue = (chosen: ChosenFault | string): chosen is Struck<At> =>
        typeof chosen !== "string" && chosen.fault.at === at && applies((chosen as Struck<At>).fault);
      const struck = markers.filter(isDue);
      for (const [specification, probability] of Object.entries(probabilities)) {
        const chosen = parseFault(specification);
        if (!isDue(chosen)) continue;
        const event = chosen.times === null ? next(`event ${lot} ${specification}`) : 0;
        if (random.draw(specification, lot, event) < probability) struck.push(chosen);
      }
      return struck.filter(
        ({ times, specification }) => times === null || next(`strike ${scope} ${specification}`) <= times,
      );
    },
    reset: () => counts.clear(),
  };
}
