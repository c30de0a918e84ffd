import { setTimeout as sleep } from "node:timers/promises";
import { refusesWrites } from "@rushes/preflight";

const AGAIN_MS = 250;

/**
 * Stores what was learned of a POST, however long Redis has no room for it. Thrown away, the answer could not be had again:
 * the video would wait for a person although its task is known. While Redis is away altogether the connection waits by
 * itself; here it answers, and refuses.
 *
 * @param onRefusal told at the first refusal, so that what is at stake stands in the log
 * @throws every other error of `store`
 */
export async function untilStored<Answer>(
  store: () => Promise<Answer>,
  onRefusal: (error: unknown) => void,
): Promise<Answer> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await store();
    } catch (error) {
      if (!refusesWrites(error)) throw error;
      if (tries === 0) onRefusal(error);
      await sleep(AGAIN_MS);
    }
  }
}
