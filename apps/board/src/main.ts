import { runUntilSignal, settingsOrExit, urlPasswords } from "@rushes/lifecycle";
import { createLogger, createMetrics } from "@rushes/telemetry";
import { createFirstAdmin } from "./login/first-admin.ts";
import { settingsSchema } from "./settings.ts";
import { startBoard } from "./start-board.ts";

const settings = settingsOrExit(settingsSchema, process.env);
const secrets = urlPasswords(settings.REDIS_URL);
const logger = createLogger({ name: "board", level: settings.LOG_LEVEL, secrets: () => secrets });

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
