const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** For what goes on until somebody has seen enough: Ctrl-C aborts the signal, and is a good end. A second one ends at once. */
export async function untilInterrupted<Result>(
  act: (enough: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interruption = new AbortController();
  const stop = (): void => interruption.abort();
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await act(interruption.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
