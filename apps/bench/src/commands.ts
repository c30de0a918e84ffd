/** A benchmark: gets what follows its name on the command line, and prints one table. */
export type Benchmark = {
  summary: string;
  run(args: string[]): Promise<void>;
};

/** Each loads its own file only when it is asked for. */
export const BENCHMARKS: Record<string, Benchmark> = {};
