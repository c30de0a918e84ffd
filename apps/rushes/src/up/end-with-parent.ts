/**
 * Loaded into every child before its own code (`node --import`): ends it when its parent is gone, however the
 * parent went. The parent holds the other end of a channel that the system closes with it.
 */

/** After being asked, a child that hangs is not left behind. Longer than any of them drains. */
const HARD_EXIT_MS = 15_000;

if (process.channel !== undefined) {
  process.once("disconnect", () => {
    setTimeout(() => process.exit(1), HARD_EXIT_MS).unref();
    process.kill(process.pid, "SIGTERM");
  });
  // Listening must not keep a child alive that has nothing left to do.
  process.channel.unref();
}
