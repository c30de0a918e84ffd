/** The provider's key: plain, or wrapped by something that prints itself as `[secret]`. */
export type ApiKey = string | { reveal(): string };

export function revealed(apiKey: ApiKey): string {
  return typeof apiKey === "string" ? apiKey : apiKey.reveal();
}

/** Long enough for any sentence of the provider, short enough for a log line. */
const MAX_CHARACTERS = 500;

/**
 * Text of the other side, fit for an error message: without the key, which some services repeat in "invalid key"
 * answers, and cut to a length that a log line bears. The key goes first, or a cut could leave half of it.
 */
export function scrubbed(text: string, apiKey: ApiKey): string {
  const clean = text.replaceAll(revealed(apiKey), "[secret]");
  return clean.length <= MAX_CHARACTERS ? clean : `${clean.slice(0, MAX_CHARACTERS)}…`;
}

/**
 * What may be kept of a transport error as the `cause` of a failure: its name, code and scrubbed message. The
 * error itself may hold bytes of the answer or more.
 */
export type ErrorSummary = { name: string; code?: string; message: string };

export function summaryOf(error: unknown, apiKey: ApiKey): ErrorSummary {
  if (!(error instanceof Error)) return { name: "Error", message: "unknown" };
  const code: unknown = "code" in error ? error.code : undefined;
  return {
    name: error.name,
    message: scrubbed(error.message, apiKey),
    ...(typeof code === "string" ? { code } : {}),
  };
}
