import type { Redis } from "ioredis";
import type { Phase } from "@rushes/pipeline";

export type ListingQuery = {
  /** Only these phases; empty = all. */
  phases: readonly Phase[];
  /** Only this owner's videos; null = everybody's. */
  owner: string | null;
  /** 1 or more. */
  limit: number;
  /** The id after which to go on; it need not exist any more. */
  after: string | null;
};

/**
 * Ids, newest first. They are merged from one sorted set per owner and phase; ids sort by time, so an id is all that a
 * cursor needs, and pages stay stable while videos come and move.
 *
 * @returns at most `limit` ids and whether more follow
 */
export async function listIds(
  redis: Redis,
  prefix: string,
  query: ListingQuery,
): Promise<{ ids: string[]; hasMore: boolean }> {
  const owners = query.owner === null ? await redis.smembers(`${prefix}:owners`) : [query.owner];
  const sets = owners.flatMap((owner) =>
    query.phases.length === 0
      ? [`${prefix}:listing:${owner}`]
      : query.phases.map((phase) => `${prefix}:phase:${phase}:${owner}`),
  );
  const from = query.after === null ? "+" : `(${query.after}`;
  // One moment for all sets, or a video that moves between two reads would be missed or come twice.
  const pipeline = redis.multi();
  for (const set of sets) pipeline.zrevrangebylex(set, from, "-", "LIMIT", 0, query.limit + 1);
  const pages = await readAll<string[]>(pipeline);
  const ids = pages.flat().toSorted((a, b) => (a < b ? 1 : -1));
  return { ids: ids.slice(0, query.limit), hasMore: ids.length > query.limit };
}

/** Runs a pipeline of reads and gives their answers in order; the first error is thrown. */
export async function readAll<Answer>(
  pipeline: Pick<ReturnType<Redis["pipeline"]>, "exec">,
): Promise<Answer[]> {
  const answers = (await pipeline.exec()) ?? [];
  return answers.map(([error, answer]) => {
    if (error) throw error;
    return answer as Answer;
  });
}
