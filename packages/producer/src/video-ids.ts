import { ulid } from "ulid";

/** Sorts by time of making; 80 random bits make it unguessable. */
export function createVideoId(): string {
  return `vid_${ulid().toLowerCase()}`;
}

/**
 * Ids of videos that are ordered together: of one moment, and in ascending order, so that a list shows them as they
 * were ordered. Each is as unguessable as a single one.
 */
export function createVideoIds(count: number): string[] {
  const nowMs = Date.now();
  return Array.from({ length: count }, () => `vid_${ulid(nowMs).toLowerCase()}`).toSorted();
}
