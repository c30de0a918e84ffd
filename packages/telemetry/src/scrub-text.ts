export const MASK = "[secret]";

/** Shorter words would be found in ordinary text and tear it apart; no real key is this short. */
export const MIN_SECRET_CHARACTERS = 6;

/**
 * `scheme://user:password@host/path?query#fragment`. Passwords stand before the `@`, signatures and keys in the
 * query, and logs need neither. A URL ends at white space, a quote, a backslash or an angle bracket.
 */
const URLS = /\b([a-z][a-z0-9+.-]{0,20}:\/\/)(?:[^\s/?#"'\\<>]*@)?([^\s?#"'\\<>]*)([?#][^\s"'\\<>]*)?/gi;
const URL_USER = /:\/\/[^\s/?#"'\\<>]*@/;

/** The path of a provider callback ends in the token that proves it: `/callbacks/apixo/{token}`. */
const CALLBACK_TOKEN = /(\/callbacks\/[\w.-]+\/)[^\s/?#"'\\<>]+/gi;

/** `Bearer abc`, whatever stands around it. `Basic` is also an ordinary word, so it needs a long word after it. */
const SCHEMES = /\b(bearer\s+)[^\s"'\\,;]+|\b(basic\s+)[a-z0-9+/_-]{8,}=*/gi;

/** A header written out in text: the value is the rest of the line or of the quoted text. */
const HEADERS = /\b((?:proxy-)?authorization|(?:set-)?cookie)(\\*["']?\s*[:=]\s*\\*["']?)[^"'\\\r\n}]+/gi;

/** `api_key=abc`, `"client_secret": "abc def"`, the same inside an escaped JSON text. */
const PAIRS =
  /((?:api[-_]?key|access[-_]?key|secret|passw(?:or)?d|passphrase|signature|token|credential)[\w-]{0,32})(\\*["']?\s*[:=]\s*)(?!\[secret\])(?:(\\*["']).*?(?:\3|$)|[^\s"'\\,;&}\])]+)/gim;

/** Secrets that can be told by their form: webhook signing keys, AWS key ids. */
const FORMS = /\bwhsec_[\w+/=-]+|\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b/g;

// No pattern may begin with an open-ended run, or a long run of ordinary characters takes quadratic time.

/** Every pattern above needs one of these; most texts have none and are done. */
const SUSPICIOUS = /[:=]|bearer|basic|\/callbacks\/|whsec_|AKIA|ASIA/i;

/**
 * Takes credentials out of a text: known secrets wherever they stand, also URL-encoded, and whatever looks like
 * one. The known secrets are the reliable part; the patterns catch what nobody told us, and can be fooled by
 * a secret cut in two, or encoded in a way of its own (base64 of a sentence around it).
 */
export function scrubText(text: string, secrets: readonly string[]): string {
  let scrubbed = text;
  for (const secret of secrets) {
    if (scrubbed.includes(secret)) scrubbed = scrubbed.replaceAll(secret, MASK);
  }
  if (!SUSPICIOUS.test(scrubbed)) return scrubbed;
  return scrubbed
    .replace(URLS, (url, scheme: string, place: string, rest: string | undefined) => {
      const user = URL_USER.test(url) ? `${MASK}@` : "";
      return `${scheme}${user}${place}${rest === undefined ? "" : `${rest.slice(0, 1)}[scrubbed]`}`;
    })
    .replace(CALLBACK_TOKEN, `$1${MASK}`)
    .replace(
      SCHEMES,
      (_match, bearer: string | undefined, basic: string | undefined) => `${bearer ?? basic}${MASK}`,
    )
    .replace(HEADERS, `$1$2${MASK}`)
    .replace(PAIRS, (_match, name: string, between: string, quote: string | undefined) => {
      return `${name}${between}${quote ?? ""}${MASK}${quote ?? ""}`;
    })
    .replace(FORMS, MASK);
}

/** The forms in which known secrets are looked for, longest first so that none hides the rest of another. */
export function spellings(secrets: readonly string[]): string[] {
  return secrets
    .filter((secret) => secret.length >= MIN_SECRET_CHARACTERS)
    .flatMap((secret) => [...new Set([secret, encodeURIComponent(secret.toWellFormed())])])
    .toSorted((one, other) => other.length - one.length);
}
