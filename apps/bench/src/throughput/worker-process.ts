import process, { argv, cpuUsage, resourceUsage } from "node:process";
import { Redis } from "ioredis";
import type { FleetOrder, FromWorker, RunningSide, ToWorker } from "./fleet-messages.ts";
import { startRawControl } from "./raw-control.ts";
import { startRushesSide } from "./rushes-side.ts";

/** How often a worker process tells how far it is; the resolution of every measured duration. */
const TELL_EVERY_MS = 10;

/** One process of either side: starts its stages when told, and tells how far they are. */
const order = JSON.parse(String(argv[2])) as FleetOrder;
const startSide = order.side === "raw" ? startRawControl : startRushesSide;
let commandsSent = 0;
countCommands();

let side: RunningSide | undefined;
let telling: NodeJS.Timeout | undefined;
let before = { cpu: cpuUsage(), commandsSent };

const tell = (message: FromWorker): void => {
  process.send?.(message);
};

process.on("message", (message: ToWorker) => {
  void obey(message);
});
process.on("disconnect", () => process.exit());
tell({ say: "ready" });

async function obey(message: ToWorker): Promise<void> {
  switch (message.say) {
    case "start": {
      before = { cpu: cpuUsage(), commandsSent };
      side = await startSide(order);
      telling = setInterval(tellProgress, TELL_EVERY_MS);
      return;
    }
    case "stop": {
      await side?.stop();
      clearInterval(telling);
      tellProgress();
      const { user, system } = cpuUsage(before.cpu);
      tell({
        say: "stopped",
        cpuMs: (user + system) / 1000,
        commandsSent: commandsSent - before.commandsSent,
        peakMemoryMb: resourceUsage().maxRSS / 1024,
      });
    }
  }
}

function tellProgress(): void {
  if (side) tell({ say: "progress", ...side.counts(), atMs: performance.timeOrigin + performance.now() });
}

/** Commands as they leave this process; what scripts call inside Redis is not among them. */
function countCommands(): void {
  // oxlint-disable-next-line typescript/unbound-method -- it is called with its own `this` below
  const original = Redis.prototype.sendCommand;
  Redis.prototype.sendCommand = function counted(...args: Parameters<typeof original>) {
    commandsSent += 1;
    return original.apply(this, args);
  };
}
