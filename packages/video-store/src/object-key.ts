import { Failure } from "@rushes/pipeline";
import { DEFAULT_KEY_TEMPLATE, isKeyTemplate } from "./key-template.ts";

export type ObjectKeyParts = {
  /** Put in front, slashes at its ends do not matter; empty or missing = none. */
  prefix?: string | undefined;
  /** `DEFAULT_KEY_TEMPLATE` unless given. */
  template?: string | undefined;
  videoId: string;
  mode: string;
  createdAtMs: number;
  /** Which of the video's files, counted from 0. */
  index: number;
  /** Only for a file whose plain key holds other bytes: its first 8 hex digits become part of the name. */
  sha256?: string | undefined;
};

const HASH_DIGITS_IN_KEY = 8;
const VIDEO_ENDING = ".mp4";
const MANIFEST_ENDING = ".json";

/**
 * Where a file lives in the bucket: `<prefix/>YYYY/MM/DD/<video>.mp4`, or as the template says. Further files of one video
 * are `<video>-2.mp4`, `<video>-3.mp4`, unless the template places the number itself (`{n}`, from 1). The day is the UTC
 * day of the order, so the key of a repeat is the key of the first time, whenever it runs. Keys come from ids and modes
 * alone and never from a caller's text.
 */
export function objectKey(parts: ObjectKeyParts): string {
  return keyWith(VIDEO_ENDING, parts);
}

/** Where a video's manifest lives: beside its first file, under the same name with another ending. */
export function manifestKey(parts: Omit<ObjectKeyParts, "index">): string {
  return keyWith(MANIFEST_ENDING, { ...parts, index: 0 });
}

function keyWith(ending: string, { template = DEFAULT_KEY_TEMPLATE, ...parts }: ObjectKeyParts): string {
  const { videoId, mode, index, sha256 } = parts;
  const isName = (text: string): boolean => /^[A-Za-z0-9_-]+$/.test(text);
  if (!isName(videoId) || !isName(mode) || !Number.isSafeInteger(index) || index < 0) {
    throw invalidKey(
      "an object key needs a video id and a mode of letters, digits, _ and -, and a file number from 0",
    );
  }
  if (!isKeyTemplate(template)) throw invalidKey("the template of object keys cannot be used");
  const prefix = (parts.prefix ?? "").replace(/^\/+|\/+$/g, "");
  const name = template
    .slice(0, -VIDEO_ENDING.length)
    .replaceAll("{video_id}", videoId)
    .replaceAll("{date}", new Date(parts.createdAtMs).toISOString().slice(0, 10).replaceAll("-", "/"))
    .replaceAll("{mode}", mode)
    .replaceAll("{n}", String(index + 1));
  const number = index === 0 || template.includes("{n}") ? "" : `-${index + 1}`;
  const hash = sha256 === undefined ? "" : `-${sha256.slice(0, HASH_DIGITS_IN_KEY)}`;
  return `${prefix === "" ? "" : `${prefix}/`}${name}${number}${hash}${ending}`;
}

function invalidKey(message: string): Failure {
  return new Failure({ kind: "refused", class: "archive", code: "invalid_object_key", message });
}
