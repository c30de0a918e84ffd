/** What a probe finds: all is well, or the short names of what is not (`redis`, `bucket`). They go over the wire. */
export type Check = { ok: true } | { ok: false; because: readonly string[] };

export type Probe = () => Check | Promise<Check>;

export type HealthAnswer = {
  httpStatus: 200 | 503;
  body: { status: "ok" } | { status: "unavailable"; because: readonly string[] };
};

/**
 * Runs a probe and says what to answer for it. Never fails and never hangs: a probe that throws, or is not done
 * after `patienceMs` (a frozen Redis leaves a command open for ever), counts as not ok. Its error is not told,
 * for whoever asks for health has no login.
 */
export async function answerProbe(probe: Probe, patienceMs: number): Promise<HealthAnswer> {
  const check = await withinPatience(probe, patienceMs);
  return check.ok
    ? { httpStatus: 200, body: { status: "ok" } }
    : { httpStatus: 503, body: { status: "unavailable", because: check.because } };
}

async function withinPatience(probe: Probe, patienceMs: number): Promise<Check> {
  const late = Promise.withResolvers<Check>();
  const timer = setTimeout(() => late.resolve({ ok: false, because: ["no answer in time"] }), patienceMs);
  try {
    return await Promise.race([probe(), late.promise]);
  } catch {
    return { ok: false, because: ["the check itself failed"] };
  } finally {
    clearTimeout(timer);
  }
}
