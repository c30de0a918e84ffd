import { Failure } from "@rushes/pipeline";

export type ObjectKeyParts = {
  /** Put in front, slashes at its ends do not matter; empty or missing = none. */
  prefix?: string | undefined;
  videoId: string;
  createdAtMs: number;
  /** Which of the video's files, counted from 0. */
  index: number;
  /** Only for a file whose plain key holds other bytes: its first 8 hex digits become part of the name. */
  sha256?: string;
};

const HASH_DIGITS_IN_KEY = 8;

/**
 * Where a file lives in the bucket: `<prefix/>YYYY/MM/DD/<video>.mp4`, further files of one video `<video>-2.mp4`,
 * `<video>-3.mp4`. The day is the UTC day of the order, so the key of a repeat is the key of the first time,
 * whenever it runs. Keys come from ids alone and never from a caller's text.
 */
export function objectKey(parts: ObjectKeyParts): string {
  if (!/^[A-Za-z0-9_-]+$/.test(parts.videoId) || !Number.isSafeInteger(parts.index) || parts.index < 0) {
    throw new Failure({
      kind: "refused",
      class: "archive",
      code: "invalid_object_key",
      message: "an object key needs a video id of letters, digits, _ and - and a file number from 0",
    });
  }
  const prefix = (parts.prefix ?? "").replace(/^\/+|\/+$/g, "");
  const day = new Date(parts.createdAtMs).toISOString().slice(0, 10).replaceAll("-", "/");
  const number = parts.index === 0 ? "" : `-${parts.index + 1}`;
  const hash = parts.sha256 === undefined ? "" : `-${parts.sha256.slice(0, HASH_DIGITS_IN_KEY)}`;
  return `${prefix === "" ? "" : `${prefix}/`}${day}/${parts.videoId}${number}${hash}.mp4`;
}
