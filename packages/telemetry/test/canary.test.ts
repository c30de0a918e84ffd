import { expect, test } from "vitest";
import { pino } from "pino";
import { createLogger, type Logger } from "../src/index.ts";

/**
 * Secrets planted in every place where pino's own redaction was found to leak, and some more. Each holds the word
 * CANARY, so that one look at the output finds any that got through.
 */
const KNOWN = "sk-CANARY/known+key";

class Hidden {
  readonly #value = "CANARY";
  toJSON(): string {
    return `[secret]${this.#value.slice(0, 0)}`;
  }
}

const PLACES: Record<string, (logger: Logger) => void> = {
  "nested four levels deep": (logger) => logger.info({ a: { b: { c: { apiKey: "CANARY" } } } }, "m"),
  "in an Authorization header with a capital A": (logger) =>
    logger.info({ request: { headers: { Authorization: "Bearer CANARY" } } }, "m"),
  "in header names of any case": (logger) =>
    logger.info(
      { headers: { AUTHORIZATION: "CANARY", "x-Api-KEY": "CANARY", "SET-cookie": ["CANARY"] } },
      "m",
    ),
  "in headers as a flat list": (logger) =>
    logger.info({ rawHeaders: ["Authorization", "Bearer CANARY", "Cookie: a=CANARY"] }, "m"),
  "in the message": (logger) => logger.info(`posting with Bearer CANARY and api_key=CANARY`),
  "in a format argument": (logger) => logger.info("using %s and %o", KNOWN, { token: "CANARY" }),
  "in err.message": (logger) => logger.error(new Error(`401 for Authorization: Bearer CANARY`)),
  "in err.message given as a field": (logger) => logger.error({ err: new Error(`key ${KNOWN} refused`) }),
  "in err.config": (logger) =>
    logger.error(Object.assign(new Error("m"), { config: { auth: { username: "CANARY" }, note: "CANARY" } })),
  "in err.cause, three deep": (logger) =>
    logger.error(
      new Error("m", {
        cause: new Error("m", { cause: new Error("at https://CANARY@example.org/?k=CANARY") }),
      }),
    ),
  "in err.cause that is no error": (logger) =>
    logger.error(new Error("m", { cause: { message: "token=CANARY", headers: { key: "CANARY" } } })),
  "in the errors of a group": (logger) =>
    logger.error(new AggregateError([new Error(`got ${KNOWN}`)], "all")),
  "in an error under another name": (logger) =>
    logger.warn({ last: Object.assign(new Error("password=CANARY"), { request: "CANARY" }) }, "m"),
  "in the query of a URL": (logger) =>
    logger.info(
      { url: "https://files.example.org/v.mp4?X-Amz-Credential=CANARY&X-Amz-Signature=CANARY" },
      "m",
    ),
  "in the user part of a URL": (logger) =>
    logger.info({ redis: "rediss://default:CANARY@redis.example.org:6379" }, "m"),
  "in a URL object": (logger) =>
    logger.info({ url: new URL("https://CANARY:CANARY@example.org/?CANARY") }, "m"),
  "in the path of a callback": (logger) =>
    logger.info({ req: { url: "/callbacks/apixo/vid_1.1.CANARY" } }, "m"),
  "in arrays": (logger) =>
    logger.info(
      { list: [["Bearer CANARY"], [{ secret: "CANARY" }], `x${KNOWN}x`, "https://h/?CANARY"] },
      "m",
    ),
  "in JSON inside a text": (logger) =>
    logger.info(
      { body: JSON.stringify({ api_key: "CANARY", deep: JSON.stringify({ token: "CANARY" }) }) },
      "m",
    ),
  "in a key of an object": (logger) => logger.info({ byKey: { [KNOWN]: 1, "Bearer CANARY": 2 } }, "m"),
  "in child bindings": (logger) =>
    logger.child({ password: "CANARY", base: `https://h/?${KNOWN}` }).info("m"),
  "in child bindings with serializers of its own": (logger) =>
    logger
      .child({}, { serializers: { req: () => ({ Cookie: "CANARY", url: "/?token=CANARY" }) } })
      .info({ req: {} }, "m"),
  "URL-encoded": (logger) => logger.info({ text: `q=${encodeURIComponent(KNOWN)}` }, "m"),
  "as a webhook key": (logger) => logger.info({ text: "signed with whsec_CANARYCANARY" }, "m"),
  "wrapped in a class": (logger) => logger.info({ key: new Hidden() }, "m"),
  "in a thrown text": (logger) => logger.error({ err: `Bearer CANARY` }, "m"),
  "with a line break before it": (logger) => logger.info("Authorization:\n  Bearer CANARY"),
};

test.each(Object.entries(PLACES))("a secret %s is not printed", (_place, log) => {
  const lines: string[] = [];
  log(
    createLogger({
      name: "canary",
      level: "trace",
      destination: { write: (line) => void lines.push(line) },
      secrets: () => [KNOWN],
    }),
  );
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? "")).toHaveProperty("msg");
  expect(lines[0]).not.toContain("CANARY");
});

test("the places do leak without the gate, so this suite can fail", () => {
  const leaking = Object.entries(PLACES).filter(([, log]) => {
    const lines: string[] = [];
    log(pino({ level: "trace" }, { write: (line: string) => void lines.push(line) }));
    return lines.join("").includes("CANARY");
  });
  const silent = Object.keys(PLACES).filter((place) => !leaking.some(([name]) => name === place));
  expect(silent).toEqual(["wrapped in a class"]);
});
