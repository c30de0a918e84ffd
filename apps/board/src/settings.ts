import { isIP } from "node:net";
import { z } from "zod";
import {
  bucketAccess,
  commaList,
  dollarAmount,
  durationMs,
  flag,
  httpUrl,
  isLoopbackHost,
  PAIRED_KEYS,
  plainText,
  port,
  setting,
} from "@rushes/lifecycle";
import { LOG_LEVELS } from "@rushes/telemetry";
import { parseBoardUser } from "./login/board-user.ts";

const boardUser = setting(
  "must be name:role:hash, as `make-user` prints it; the role is viewer or admin",
  parseBoardUser,
);

const proxyAddress = setting("must be an IP address or a network such as 10.0.0.0/8", parseNetwork);

export const settingsSchema = z
  .object({
    HOST: plainText("the address to listen on", "127.0.0.1"),
    BOARD_PORT: port(8082),
    REDIS_URL: plainText("a redis:// or rediss:// address", "redis://127.0.0.1:6379"),
    /** Who may log in. Unset: one admin with a password of this start, and only on this machine. */
    BOARD_USERS: commaList(boardUser).optional(),
    /** Where the api is as the operators' browsers reach it, for links to videos. */
    API_URL: httpUrl("http://127.0.0.1:8080"),
    /** Proxies whose word is taken for who a browser is and how it came; nobody's unless set. */
    BOARD_PROXIES: commaList(proxyAddress, []),
    /** As the api and the workers have them: what may be spent a day, and how long results live. */
    BUDGET_USD_PER_DAY: dollarAmount().optional(),
    RESULT_PLAN_MS: durationMs(86_400_000),
    RESULT_LIFE_MS: durationMs(1_296_000_000),
    /** What Redis must be before an order may be placed again from here. */
    REDIS_DURABILITY: z.enum(["everysec", "always"]).default("everysec"),
    REDIS_DURABILITY_CONFIRMED: flag(false),
    /** Set → a video's page plays its file, by links signed with the credentials below. */
    ARCHIVE_BUCKET: plainText("the bucket for finished files").optional(),
    ...bucketAccess,
    LOG_LEVEL: z.enum(LOG_LEVELS).default("info"),
    DRAIN_MS: durationMs(30_000),
  })
  .refine(PAIRED_KEYS.isPaired, { ...PAIRED_KEYS.rule, when: () => true })
  .refine(({ HOST, BOARD_USERS }) => BOARD_USERS !== undefined || isLoopbackHost(HOST), {
    path: ["BOARD_USERS"],
    error: "must be set when HOST can be reached from other machines",
  })
  .refine(
    ({ BOARD_USERS = [] }) => new Set(BOARD_USERS.map(({ name }) => name)).size === BOARD_USERS.length,
    {
      path: ["BOARD_USERS"],
      error: "must name each user only once",
    },
  );

export type BoardSettings = z.output<typeof settingsSchema>;

function parseNetwork(text: string): string | undefined {
  const [address = "", bits, ...rest] = text.split("/");
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const isRange = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most);
  return most > 0 && isRange && rest.length === 0 ? text : undefined;
}
