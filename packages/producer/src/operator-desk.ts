import { currentAttempt, newsOf, stageOf, summarize, type Reading, type Standing } from "@rushes/pipeline";
import { UNCONFIRMED_BATCH, type Ledger } from "@rushes/ledger";
import type { WakeQueues } from "@rushes/queue";

/** What happens by itself to a video whose answer stays lost. `hold`: nothing, a person decides. */
export type UnconfirmedPolicy = "hold" | "write_off" | "release";

/** Who is named in the audit log when the policy acts. */
const POLICY = "policy";

/** What people do to one video, with the wake-up that follows. Each returns where the record stands then; null = no such video. */
export type OperatorDesk = {
  /**
   * @param maxCharges raises the number of allowed charges: consent to pay again; null = as it is
   * @param attemptsSeen the number of attempts on which the person decided, another one is `stale`; null = as it is now
   */
  release(
    videoId: string,
    maxCharges: number | null,
    by: string,
    attemptsSeen?: number | null,
  ): Promise<Standing | null>;
  /** Notes the task; the poll stage asks the provider before it is bound. */
  adopt(videoId: string, taskId: string, by: string): Promise<Standing | null>;
  writeOff(videoId: string, by: string): Promise<Standing | null>;
  /** Notes that the files are wanted again; the archive stage sees to it. */
  rearchive(videoId: string, by: string): Promise<Standing | null>;
  /** Makes the next look due now. `stale`: there is no running task to look at. */
  pollNow(videoId: string): Promise<Standing | null>;
  /**
   * Stops new submissions everywhere; what is submitted goes on. Bull Board shows the queue as paused, so that people see
   * it there too. False: it was paused already.
   */
  pauseSubmit(by: string): Promise<boolean>;
  /** Lets submissions go on. False: they were not paused here; a queue that was paused on Bull Board goes on too. */
  resumeSubmit(by: string): Promise<boolean>;
  /**
   * Applies the policy to some of the videos that have been unconfirmed for so long, and goes on with further ones at the
   * next call: those that have used up their charges stay, and must not keep others from their turn. Returns how many
   * it moved.
   */
  settleUnconfirmed(policy: UnconfirmedPolicy, afterMs: number): Promise<number>;
};

export type OperatorDeskOptions = {
  ledger: Pick<
    Ledger,
    | "read"
    | "release"
    | "requestAdoption"
    | "requestRearchive"
    | "writeOff"
    | "hurryLook"
    | "listUnconfirmed"
    | "submitSwitch"
  >;
  queues: Pick<WakeQueues, "wake" | "pauseSubmit" | "resumeSubmit">;
};

export function createOperatorDesk({ ledger, queues }: OperatorDeskOptions): OperatorDesk {
  /** A lost wake-up is made up for by the sweep, so only the record counts. */
  async function wake({ order }: Reading, videoId: string, { phase, wake: rev }: Standing): Promise<void> {
    const stage = stageOf(phase);
    if (stage) await queues.wake([{ stage, videoId, rev, delayMs: 0, about: summarize(order) }]);
  }

  /** Where the policy goes on: so many of the longest unconfirmed ones are known to stay. */
  let skipped = 0;

  const release: OperatorDesk["release"] = async (videoId, maxCharges, by, attemptsSeen) => {
    const reading = await ledger.read(videoId);
    if (!reading) return null;
    const attempts = attemptsSeen ?? reading.record.attempts.length;
    const standing = await ledger.release(videoId, attempts, maxCharges, by);
    if (standing.result === "released") await wake(reading, videoId, standing);
    return standing;
  };

  const writeOff: OperatorDesk["writeOff"] = async (videoId, by) => {
    const reading = await ledger.read(videoId);
    if (!reading) return null;
    const standing = await ledger.writeOff(videoId, by);
    await queues.wake(newsOf(videoId, standing, reading.order));
    return standing;
  };

  return {
    release,

    async adopt(videoId, taskId, by) {
      const reading = await ledger.read(videoId);
      if (!reading) return null;
      const standing = await ledger.requestAdoption(videoId, taskId, by);
      if (standing.result === "requested") {
        const about = summarize(reading.order, taskId);
        await queues.wake([
          { stage: "poll", errand: "watch", videoId, rev: standing.rev, delayMs: 0, about },
        ]);
      }
      return standing;
    },

    writeOff,

    async rearchive(videoId, by) {
      const reading = await ledger.read(videoId);
      if (!reading) return null;
      const standing = await ledger.requestRearchive(videoId, by);
      if (standing.result === "requested") {
        const about = summarize(reading.order, currentAttempt(reading.record)?.taskId);
        const { rev } = standing;
        await queues.wake([{ stage: "archive", errand: "rearchive", videoId, rev, delayMs: 0, about }]);
      }
      return standing;
    },

    async pollNow(videoId) {
      const reading = await ledger.read(videoId);
      if (!reading) return null;
      const attempt = currentAttempt(reading.record);
      const key = { videoId, number: 0, secret: "", account: "", ...attempt };
      const standing = await ledger.hurryLook(key, attempt?.taskId ?? "");
      if (standing.result === "hurried") await wake(reading, videoId, standing);
      return standing;
    },

    // The ledger's word is the first to come and the last to go: dying in between leaves a pause that everybody is shown.
    async pauseSubmit(by) {
      const isNew = await ledger.submitSwitch.pause(by);
      await queues.pauseSubmit();
      return isNew;
    },

    async resumeSubmit(by) {
      await queues.resumeSubmit();
      return await ledger.submitSwitch.resume(by);
    },

    async settleUnconfirmed(policy, afterMs) {
      if (policy === "hold") return 0;
      let settled = 0;
      const videoIds = await ledger.listUnconfirmed(afterMs, skipped);
      for (const videoId of videoIds) {
        const standing =
          policy === "release" ? await release(videoId, null, POLICY) : await writeOff(videoId, POLICY);
        if (standing?.result === "released" || standing?.result === "written_off") settled += 1;
      }
      skipped = videoIds.length < UNCONFIRMED_BATCH ? 0 : skipped + videoIds.length - settled;
      return settled;
    },
  };
}
