/** What the witnesses of a run of copies write down; one file of JSON lines per kind in the run's folder. */

/** The origin: a result file as it is, whatever becomes of it on its way. */
export type FileLine = {
  /** `vid_000012` for the first file of a video, `vid_000012-2` for its second; the object's name without `.mp4`. */
  name: string;
  bytes: number;
  sha256: string;
  /** What is wrong with it for good, so that it must never be stored; null = nothing. */
  flaw: Flaw | null;
};
export type Flaw = "too-large" | "no-video" | "private-address";

/** A hand, which is a process that copies: what it was about to do, and what came of it. */
export type HandLine = { at: number; hand: string; name: string; attempt: number } & (
  | { event: "begins" }
  | { event: "stored"; key: string; bytes: number; sha256: string }
  | { event: "failed"; code: string }
  | { event: "gave-up"; code: string }
);

/** The bucket, at the end: what it holds. */
export type ObjectLine = { key: string; bytes: number; sha256: string };

/** The bucket, while it goes on. */
export type BucketLine = { at: number } &
  /** Put there by the weather: somebody else's bytes, or those that an earlier run of ours would have left. */
  (
    | { event: "planted"; key: string; sha256: string }
    | { event: "overwritten"; key: string; by: string; before: string; after: string }
    /** Begun and neither completed nor aborted when all was over. */
    | { event: "upload-open"; key: string; by: string }
  );

/** Faults that were served, by side and name, and how many requests there were. */
export type WeatherLine = { side: "download" | "bucket"; requests: number; faults: Record<string, number> };

/** The runner: hands that it has killed, and hands that ended by themselves. */
export type DeathLine = { at: number; hand: string; how: "killed" | "by-itself"; moment: string };

export type CopyFacts = {
  kind: "copies";
  name: string;
  seed: number;
  copies: number;
  seconds: number;
  /** What the hands have left behind in their temp folder. */
  tempFiles: readonly string[];
  /** Connections to the address that nobody may dial. */
  trapDials: number;
};

export type CopyHistory = {
  facts: CopyFacts;
  files: FileLine[];
  objects: ObjectLine[];
  bucket: BucketLine[];
  weather: WeatherLine[];
  deaths: DeathLine[];
  hands: HandLine[];
};
