import type { GenerateRequest } from "@rushes/pipeline";

/** The JSON of a submit as APIXO's page shows it; `input` is already in the provider's own words. */
export function submitBody({ input, callbackUrl }: GenerateRequest): string {
  return JSON.stringify(
    callbackUrl === undefined
      ? { request_type: "async", input }
      : { request_type: "callback", callback_url: callbackUrl, input },
  );
}
