import { Webhook } from "standardwebhooks";
import { describe, expect, test } from "vitest";
import { RushesError } from "./rushes-error.ts";
import { verifyWebhook } from "./verify-webhook.ts";

const secret = (fill: number): string => `whsec_${Buffer.alloc(32, fill).toString("base64")}`;
const SECRET = secret(7);
const BODY = JSON.stringify({
  type: "video.completed",
  timestamp: "2026-11-24T08:00:00.000Z",
  data: { prompt: "Übung ✓" },
});
const SENT = new Date();

/** Signed by the library of the standard's authors. */
function signed(body = BODY, by = SECRET, at = SENT): Record<string, string> {
  return {
    "webhook-id": "vid_1_5",
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": new Webhook(by).sign("vid_1_5", at, body),
  };
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(RushesError);
    expect((error as RushesError).code).toBe("webhook_refused");
    return (error as RushesError).message;
  }
  return "it was accepted";
}

describe("verifyWebhook accepts", () => {
  test("what was signed by the secret, as text and as bytes", () => {
    expect(verifyWebhook(signed(), BODY, SECRET)).toEqual(JSON.parse(BODY));
    expect(verifyWebhook(signed(), Buffer.from(BODY), SECRET)).toEqual(JSON.parse(BODY));
  });

  test("headers as Node has them, in any case, and as fetch has them", () => {
    const upper = Object.fromEntries(
      Object.entries(signed()).map(([name, value]) => [name.toUpperCase(), value]),
    );
    expect(verifyWebhook(upper, BODY, SECRET).type).toBe("video.completed");
    expect(verifyWebhook(new Headers(signed()), BODY, SECRET).type).toBe("video.completed");
  });

  test("any of several secrets and of several signatures, while secrets are changed", () => {
    const [older, newer] = [secret(1), secret(2)];
    for (const both of [`${older},${newer}`, `${older} ${newer}`, [older, newer]])
      expect(verifyWebhook(signed(BODY, newer), BODY, both).type).toBe("video.completed");
    const headers = signed(BODY, older);
    const twice = `${signed(BODY, newer)["webhook-signature"]} ${headers["webhook-signature"]}`;
    expect(verifyWebhook({ ...headers, "webhook-signature": twice }, BODY, older).type).toBe(
      "video.completed",
    );
  });
});

describe("verifyWebhook refuses", () => {
  test("another secret, another body, another id or time", () => {
    const unsigned = "not signed by this secret";
    expect(refusal(() => verifyWebhook(signed(BODY, secret(1)), BODY, SECRET))).toContain(unsigned);
    expect(refusal(() => verifyWebhook(signed(), `${BODY} `, SECRET))).toContain(unsigned);
    const otherId = { ...signed(), "webhook-id": "vid_1_6" };
    expect(refusal(() => verifyWebhook(otherId, BODY, SECRET))).toContain(unsigned);
    const otherTime = { ...signed(), "webhook-timestamp": String(Math.floor(SENT.getTime() / 1000) - 1) };
    expect(refusal(() => verifyWebhook(otherTime, BODY, SECRET))).toContain(unsigned);
  });

  test("signatures of no or another length, and of another scheme", () => {
    const good = signed()["webhook-signature"] ?? "";
    for (const signature of [
      "v1,",
      "v1",
      "v1,AAAA",
      good.replace("v1,", "v2,"),
      good.replace("v1,", "v1a,"),
    ]) {
      const headers = { ...signed(), "webhook-signature": signature };
      expect(refusal(() => verifyWebhook(headers, BODY, SECRET))).toContain("not signed");
    }
  });

  test("what is too old or from the future", () => {
    for (const awayMs of [-301_000, 302_000]) {
      const nowMs = SENT.getTime() + awayMs;
      expect(refusal(() => verifyWebhook(signed(), BODY, SECRET, { nowMs }))).toContain("5 minutes");
    }
  });

  test("what lacks a header", () => {
    for (const name of Object.keys(signed())) {
      const headers = { ...signed(), [name]: undefined };
      expect(refusal(() => verifyWebhook(headers, BODY, SECRET))).toContain(`it has no ${name}`);
    }
    const headers = { ...signed(), "webhook-timestamp": "soon" };
    expect(refusal(() => verifyWebhook(headers, BODY, SECRET))).toContain("no unix time");
  });

  test("a mistake of the receiver is no webhook's fault", () => {
    for (const bad of ["", "whsec_", "whsec_AAAA", "secret", `${SECRET},x`, []])
      expect(() => verifyWebhook(signed(), BODY, bad)).toThrow(TypeError);
    expect(() => verifyWebhook(signed(), JSON.parse(BODY) as string, SECRET)).toThrow("not what was parsed");
  });
});
