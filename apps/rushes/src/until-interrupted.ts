/** Whoever closes the terminal has seen enough too. */
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * For what goes on until somebody has seen enough: Ctrl-C aborts the signal, and is a good end. Further ones are not
 * heard until it has ended: npm passes Ctrl-C on to a process that the terminal has told already.
 */
export async function untilInterrupted<Result>(
  act: (enough: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const interruption = new AbortController();
  const stop = (): void => interruption.abort();
  for (const signal of SIGNALS) process.on(signal, stop);
  try {
    return await act(interruption.signal);
  } finally {
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}
