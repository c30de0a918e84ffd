export type Collect = () => Promise<void>;

export type CollectorOptions = {
  /** Between two rounds, however many scrapers there are. */
  everyMs: number;
  /** How long a scrape waits for a round. A round that takes longer goes on by itself. */
  patienceMs: number;
  /** Monotonic milliseconds. */
  now: () => number;
  onFailure: () => void;
};

export type Collectors = {
  add(collect: Collect): void;
  /** Runs a round unless one ran lately, and waits for it within limits. Never rejects. */
  run(): Promise<void>;
};

/**
 * What fills the gauges that live elsewhere (in Redis) when somebody scrapes. A scrape must not fail or hang because
 * Redis is away: that is when its other numbers are needed most. So failures are only counted.
 */
export function createCollectors({ everyMs, patienceMs, now, onFailure }: CollectorOptions): Collectors {
  const collects: Collect[] = [];
  let lastStart: number | undefined;
  let round: Promise<void> | undefined;

  async function collectAll(): Promise<void> {
    const results = await Promise.allSettled(collects.map(async (collect) => collect()));
    for (const { status } of results) if (status === "rejected") onFailure();
    round = undefined;
  }

  return {
    add(collect) {
      collects.push(collect);
    },
    async run() {
      if (round === undefined) {
        if (lastStart !== undefined && now() - lastStart < everyMs) return;
        lastStart = now();
        round = collectAll();
      }
      const patience = Promise.withResolvers<void>();
      const timer = setTimeout(patience.resolve, patienceMs);
      await Promise.race([round, patience.promise]);
      clearTimeout(timer);
    },
  };
}
