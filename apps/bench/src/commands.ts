/** A benchmark: gets what follows its name on the command line, and prints one table. */
export type Benchmark = {
  summary: string;
  run(args: string[]): Promise<void>;
};

/** Each loads its own file only when it is asked for. */
export const BENCHMARKS: Record<string, Benchmark> = {
  archive: {
    summary: "copies into the bucket against a bare pipe and lib-storage (copying | memory | cuts)",
    run: async (args) => (await import("./archive/archive.ts")).runArchive(args),
  },
  limits: {
    summary: "the learned limits against usual ways, in virtual time (quick | plots DIRECTORY)",
    run: async (args) => (await import("./limits/limits.ts")).runLimits(args),
  },
  order: {
    summary:
      "orders per second over HTTP against a bare route that adds one job, and batches against single calls",
    run: async (args) => (await import("./order/order.ts")).runOrder(args),
  },
  overview: {
    summary: "what the board's overview costs Redis beside a system at work, and how long pages take",
    run: async (args) => (await import("./overview/overview.ts")).runOverview(args),
  },
  running: {
    summary:
      "the learned limits in the running system against virtual time ([MINUTES] of the provider's time | blocked [MINUTES])",
    run: async (args) => (await import("./running/running.ts")).runRunning(args),
  },
  scrape: {
    summary: "what a scrape of /metrics costs a worker that works as fast as it can",
    run: async (args) => (await import("./scrape/scrape.ts")).runScrape(args),
  },
  throughput: {
    summary: "videos per second against raw BullMQ, and with 100,000 waiting",
    run: async (args) => (await import("./throughput/throughput.ts")).runThroughput(args),
  },
};
