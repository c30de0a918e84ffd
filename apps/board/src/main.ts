import { runUntilSignal, settingsOrExit, urlPasswords } from "@rushes/lifecycle";
import { createLogger, createMetrics } from "@rushes/telemetry";
import { createFirstAdmin } from "./login/first-admin.ts";
import { accessSettings, openContentLinks } from "@rushes/video-store";
import { settingsSchema } from "./settings.ts";
import { startBoard } from "./start-board.ts";

const settings = settingsOrExit(settingsSchema, process.env);
const secrets = [
  ...urlPasswords(settings.REDIS_URL),
  ...[settings.AWS_SECRET_ACCESS_KEY, settings.AWS_SESSION_TOKEN].map((secret) => secret?.reveal() ?? ""),
];
const logger = createLogger({ name: "board", level: settings.LOG_LEVEL, secrets: () => secrets });
/** A player that seeks asks for the file again and again while somebody watches. */
const CONTENT_LINK_LIFE_S = 900;

await runUntilSignal({
  name: "board",
  logger,
  drainMs: settings.DRAIN_MS,
  async start() {
    const first = settings.BOARD_USERS ? null : await createFirstAdmin();
    const board = await startBoard({
      host: settings.HOST,
      port: settings.BOARD_PORT,
      redisUrl: settings.REDIS_URL,
      users: settings.BOARD_USERS ?? (first ? [first.user] : []),
      apiUrl: settings.API_URL,
      proxies: settings.BOARD_PROXIES,
      bounds: {
        budgetMicros: settings.BUDGET_USD_PER_DAY ?? null,
        resultPlanMs: settings.RESULT_PLAN_MS,
        resultLifeMs: settings.RESULT_LIFE_MS,
      },
      durability: {
        durability: settings.REDIS_DURABILITY,
        isConfirmed: settings.REDIS_DURABILITY_CONFIRMED,
      },
      contentLinks: settings.ARCHIVE_BUCKET
        ? openContentLinks(accessSettings(settings), CONTENT_LINK_LIFE_S)
        : null,
      logger,
      metrics: createMetrics(),
    });
    logger.info({ port: board.port }, "board is listening");
    if (first) {
      // Not through the logger, which is there to keep passwords out of what is kept.
      process.stdout.write(
        `BOARD_USERS is not set. Until this process ends, log in as "${first.user.name}" with the password ${first.password}\n`,
      );
    }
    return [{ name: "board", stop: (signal) => board.stop(signal) }];
  },
});
