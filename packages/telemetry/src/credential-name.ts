/** Found anywhere in a name, once case and punctuation are gone: `X-Api-Key`, `attempt_secret`, `Set-Cookie`. */
const PARTS = [
  "authorization",
  "apikey",
  "accesskey",
  "secret",
  "password",
  "passwd",
  "passphrase",
  "cookie",
  "signature",
  "credential",
  "privatekey",
  "signingkey",
  "token",
  "bearer",
];
/** Too short or too common to look for inside longer names. */
const WHOLE = new Set(["auth", "pass", "pwd", "pw"]);

/**
 * Whether what stands under this name is taken for a credential and not printed. Errs on the side of hiding: a
 * count called `tokens` is hidden too, so call it something else.
 */
export function isCredentialName(name: string): boolean {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, "");
  return WHOLE.has(plain) || PARTS.some((part) => plain.includes(part));
}
