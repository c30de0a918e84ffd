import { Redis } from "ioredis";

/** What of a socket is used here; ioredis may hold a TCP or a TLS one. */
type Corkable = { cork(): void; uncork(): void };

/**
 * A connection whose commands of one turn of the event loop leave in one write. Each write is a system call, and with
 * many jobs side by side those were a third of a worker's time. Order and answers are as ever; nothing waits for more
 * to come: what was gathered leaves before the next event is looked at.
 */
export class GatheringRedis extends Redis {
  private gathering: Corkable | undefined;

  override sendCommand(...args: Parameters<Redis["sendCommand"]>): unknown {
    this.gather(this.stream);
    return super.sendCommand(...args);
  }

  private gather(socket: Corkable | undefined): void {
    if (!socket || socket === this.gathering) return;
    socket.cork();
    this.gathering = socket;
    // Runs when the code that is running and all promises it has settled are through.
    process.nextTick(() => {
      this.gathering = undefined;
      socket.uncork();
    });
  }
}
