import { createApixoClient } from "@rushes/apixo";
import { Failure } from "@rushes/pipeline";
import type { Finding } from "@rushes/preflight";
import type { DoctorSettings } from "./settings.ts";

const TIMEOUT_MS = 10_000;
const check = "provider";

/** Asks for the balance of the key, or, without a key, only whether somebody answers at the address. Orders nothing. */
export async function checkProvider(settings: DoctorSettings): Promise<Finding> {
  const { APIXO_API_KEY: apiKey, APIXO_BASE_URL: baseUrl } = settings;
  if (apiKey === undefined) return await checkAddress(baseUrl);
  try {
    const client = createApixoClient({
      baseUrl,
      apiKey,
      submitTimeoutMs: TIMEOUT_MS,
      statusTimeoutMs: TIMEOUT_MS,
    });
    try {
      return judgeBalance(await client.currentBalance());
    } finally {
      await client.close();
    }
  } catch (error) {
    if (error instanceof Failure) return judgeFailure(error);
    throw error;
  }
}

function judgeBalance(micros: number): Finding {
  const found = `the key is valid, its balance is $${(micros / 1_000_000).toFixed(2)}`;
  if (micros > 0) return { check, found, verdict: "ok" };
  return { check, found, verdict: "warn", fix: "top up the account; until then orders wait" };
}

/** The balance call stands in no current document of the provider: only a clear no is taken for one. */
function judgeFailure({ kind, message: found, httpStatus }: Failure): Finding {
  if (kind === "misconfigured" && httpStatus !== 404) {
    return { check, found, verdict: "refuse", fix: "check APIXO_API_KEY and APIXO_BASE_URL", lasting: true };
  }
  if (httpStatus === undefined) {
    return {
      check,
      found,
      verdict: "warn",
      fix: "see that APIXO_BASE_URL can be reached; orders wait until it can",
    };
  }
  return { check, found, verdict: "unknown", fix: "look at the account on the provider's site" };
}

async function checkAddress(baseUrl: string): Promise<Finding> {
  const { host } = new URL(baseUrl);
  try {
    const response = await fetch(baseUrl, { redirect: "manual", signal: AbortSignal.timeout(TIMEOUT_MS) });
    await response.body?.cancel();
    const found = `${host} answers; APIXO_API_KEY is not set`;
    return { check, found, verdict: "unknown", fix: "set APIXO_API_KEY to have key and balance checked" };
  } catch {
    const found = `${host} does not answer; APIXO_API_KEY is not set`;
    return { check, found, verdict: "warn", fix: "check APIXO_BASE_URL, the network and its proxies" };
  }
}
