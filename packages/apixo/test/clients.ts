import { Failure, type GenerateRequest } from "@rushes/pipeline";
import { afterEach } from "vitest";
import { createApixoClient, type ApixoClient, type ApixoClientOptions } from "../src/index.ts";

/** Planted as the key everywhere; no error may ever show it. */
export const CANARY_KEY = "sk-canary-8d1f0c6b7a";

export const ORDER: GenerateRequest = {
  input: {
    mode: "master-text-to-video",
    prompt: "a paper boat on a quiet river",
    duration: 5,
    aspect_ratio: "16:9",
  },
};

export const YES = { maySend: () => true };

const open: ApixoClient[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((client) => client.close()));
});

/** A client that is closed after the test. */
export function clientOf(baseUrl: string, options: Partial<ApixoClientOptions> = {}): ApixoClient {
  const client = createApixoClient({
    baseUrl,
    apiKey: CANARY_KEY,
    submitTimeoutMs: 5_000,
    statusTimeoutMs: 5_000,
    ...options,
  });
  open.push(client);
  return client;
}

/** The failure that a call ends with; a call that succeeds, or throws anything else, fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  const error: unknown = await call.then(
    (value) => new Error(`expected a failure, got ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (error instanceof Failure) return error;
  throw error;
}
