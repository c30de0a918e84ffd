const PREFIX = "whsec_";
/** Standard Webhooks: at least 24 bytes, at most 64. */
const SECRET_BYTES = { least: 24, most: 64 };

/**
 * Reads one secret or several, separated by commas or blanks: each `whsec_` and 24 to 64 bytes in base64. With several,
 * every webhook carries a signature by each, so that receivers can move from one to the next.
 *
 * @returns the keys; undefined when any of them cannot be used
 */
export function parseWebhookSecrets(text: string): readonly Uint8Array[] | undefined {
  const keys = text.split(/[\s,]+/).flatMap((word) => (word === "" ? [] : [parseSecret(word)]));
  const good = keys.filter((key) => key !== undefined);
  return keys.length > 0 && good.length === keys.length ? good : undefined;
}

function parseSecret(word: string): Uint8Array | undefined {
  if (!word.startsWith(PREFIX)) return undefined;
  const base64 = word.slice(PREFIX.length);
  // Node's decoder skips what is no base64; a mistyped secret must not become another one.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64) || base64.length % 4 !== 0) return undefined;
  const key = Buffer.from(base64, "base64");
  return key.length >= SECRET_BYTES.least && key.length <= SECRET_BYTES.most ? key : undefined;
}
