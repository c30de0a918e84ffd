import { createApixoClient, type ApiKey } from "@rushes/apixo";
import { Failure } from "@rushes/pipeline";
import type { Finding } from "@rushes/preflight";
import type { DoctorSettings } from "./settings.ts";

const TIMEOUT_MS = 10_000;

/** Asks for the balance of each key, or, without a key, only whether somebody answers at the address. Orders nothing. */
export async function checkProviders(settings: DoctorSettings): Promise<Finding[]> {
  const { APIXO_API_KEY: onlyKey, APIXO_ACCOUNTS: accounts, APIXO_BASE_URL: baseUrl } = settings;
  if (accounts !== undefined) {
    const ofAccount = async ({ name, key }: (typeof accounts)[number]): Promise<Finding> =>
      await checkKey({ check: `provider-${name}`, variable: "APIXO_ACCOUNTS", apiKey: key, baseUrl });
    const findings = await Promise.all(accounts.map(ofAccount));
    return onlyKey === undefined ? findings : [BOTH, ...findings];
  }
  if (onlyKey === undefined) return [await checkAddress(baseUrl)];
  return [await checkKey({ check: CHECK, variable: "APIXO_API_KEY", apiKey: onlyKey, baseUrl })];
}

const CHECK = "provider";

const BOTH: Finding = {
  check: CHECK,
  found: "APIXO_API_KEY and APIXO_ACCOUNTS are both set; workers will not start",
  verdict: "refuse",
  fix: "move the key into the list, and unset APIXO_API_KEY",
  lasting: true,
};

type KeyCheck = { check: string; variable: string; apiKey: ApiKey; baseUrl: string };

async function checkKey({ check, variable, apiKey, baseUrl }: KeyCheck): Promise<Finding> {
  try {
    const client = createApixoClient({
      baseUrl,
      apiKey,
      submitTimeoutMs: TIMEOUT_MS,
      statusTimeoutMs: TIMEOUT_MS,
    });
    try {
      return judgeBalance(check, await client.currentBalance());
    } finally {
      await client.close();
    }
  } catch (error) {
    if (error instanceof Failure) return judgeFailure(check, error, variable);
    throw error;
  }
}

function judgeBalance(check: string, micros: number): Finding {
  const found = `the key is valid, its balance is $${(micros / 1_000_000).toFixed(2)}`;
  if (micros > 0) return { check, found, verdict: "ok" };
  return { check, found, verdict: "warn", fix: "top up the account; until then nothing is submitted there" };
}

/** The balance call stands in no current document of the provider: only a clear no is taken for one. */
function judgeFailure(
  check: string,
  { kind, message: found, httpStatus }: Failure,
  variable: string,
): Finding {
  if (kind === "misconfigured" && httpStatus !== 404) {
    return { check, found, verdict: "refuse", fix: `check ${variable} and APIXO_BASE_URL`, lasting: true };
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
  const check = CHECK;
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
