import { httpUrl, parseEnvironment, secretText, type Environment } from "@rushes/lifecycle";
import { z } from "zod";

const settingsSchema = z.object({
  RUSHES_URL: httpUrl("http://127.0.0.1:8080"),
  RUSHES_API_KEY: secretText("a key of the api").optional(),
});

/** Where the api is, and who asks. */
export type ApiAccess = { url: string; apiKey: string | undefined };

/** @throws EnvironmentProblem */
export function readApiAccess(environment: Environment): ApiAccess {
  const { RUSHES_URL, RUSHES_API_KEY } = parseEnvironment(settingsSchema, environment);
  return { url: RUSHES_URL, apiKey: RUSHES_API_KEY?.reveal() };
}
