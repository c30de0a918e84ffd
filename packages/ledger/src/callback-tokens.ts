import { createHmac, timingSafeEqual } from "node:crypto";
import type { AttemptKey } from "@rushes/pipeline";

/**
 * What stands in the path of a callback's URL: which attempt it is for, that attempt's secret, and a signature over both.
 * The signature lets a token be believed even when Redis has lost the attempt; the secret makes each token useless for any
 * other attempt.
 */
export type CallbackTokens = {
  make(attempt: AttemptKey): string;
  /** The attempt that the token was made for; null for anything that was not made with this secret. */
  read(token: string): AttemptKey | null;
};

/** Far above any real token; what is longer is not worth a hash. */
const MAX_TOKEN_CHARACTERS = 300;

export function createCallbackTokens(secret: string): CallbackTokens {
  const sign = (text: string): Buffer => createHmac("sha256", secret).update(text).digest();
  return {
    make({ videoId, number, secret: attemptSecret, account }) {
      const text = [videoId, number, attemptSecret, account].join(".");
      return `${text}.${sign(text).toString("base64url")}`;
    },
    read(token) {
      if (token.length > MAX_TOKEN_CHARACTERS) return null;
      const end = token.lastIndexOf(".");
      const [videoId, number, attemptSecret, account, ...rest] = token.slice(0, Math.max(end, 0)).split(".");
      if (!videoId || !number || !attemptSecret || !account || rest.length > 0) return null;
      // Hashes have one length, so that the comparison neither throws nor tells how much was right.
      const given = sign(token.slice(end + 1));
      const wanted = sign(sign(token.slice(0, end)).toString("base64url"));
      if (!timingSafeEqual(given, wanted)) return null;
      return { videoId, number: Number(number), secret: attemptSecret, account };
    },
  };
}
