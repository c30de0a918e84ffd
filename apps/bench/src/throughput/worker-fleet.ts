import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { execArgv } from "node:process";
import { fileURLToPath } from "node:url";
import type { FleetOrder, FromWorker, ToWorker } from "./fleet-messages.ts";

export type FleetOptions = FleetOrder & {
  processes: number;
  /** A folder for one CPU profile per process; null = none. */
  profileDir: string | null;
};

export type Progress = { completed: number; submitted: number; atMs: number };

export type WorkerFleet = {
  startStages(): void;
  /** Resolves with the first moment at which so many were completed in all. */
  untilCompleted(count: number): Promise<Progress>;
  /** Finishes what is under way and closes every connection; the processes stay, warm, for the next round. */
  stopStages(): Promise<{ cpuMs: number; commandsSent: number; completed: number; submitted: number }>;
  stop(): Promise<void>;
};

/** Starts the worker processes of one side. They do nothing until `startStages`. */
export async function startWorkerFleet(options: FleetOptions): Promise<WorkerFleet> {
  const { processes, profileDir, ...order } = options;
  const entry = fileURLToPath(new URL("worker-process.ts", import.meta.url));
  const profiling = profileDir === null ? [] : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`];
  const children: ChildProcess[] = [];
  let progress: Progress[] = [];
  let onProgress: () => void = () => {};

  for (let index = 0; index < processes; index += 1) {
    const child = fork(entry, [JSON.stringify(order)], { execArgv: [...execArgv, ...profiling] });
    child.on("message", (message: FromWorker) => {
      if (message.say !== "progress") return;
      progress[index] = message;
      onProgress();
    });
    children.push(child);
    await nextMessage(child, "ready");
  }

  const sum = (): Progress => ({
    completed: progress.reduce((total, one) => total + one.completed, 0),
    submitted: progress.reduce((total, one) => total + one.submitted, 0),
    atMs: Math.max(0, ...progress.map((one) => one.atMs)),
  });
  const tellAll = (message: ToWorker): void => children.forEach((child) => child.send(message));

  return {
    startStages() {
      progress = [];
      tellAll({ say: "start" });
    },
    async untilCompleted(count) {
      const { promise, resolve } = Promise.withResolvers<Progress>();
      onProgress = () => {
        const now = sum();
        if (now.completed >= count) resolve(now);
      };
      onProgress();
      return await promise;
    },
    async stopStages() {
      onProgress = () => {};
      const stopped = Promise.all(children.map((child) => nextMessage(child, "stopped")));
      tellAll({ say: "stop" });
      const ends = await stopped;
      const { completed, submitted } = sum();
      return {
        cpuMs: ends.reduce((total, end) => total + end.cpuMs, 0),
        commandsSent: ends.reduce((total, end) => total + end.commandsSent, 0),
        completed,
        submitted,
      };
    },
    async stop() {
      await Promise.all(
        children.map(async (child) => {
          if (child.exitCode !== null || child.signalCode !== null) return;
          const exited = once(child, "exit");
          child.disconnect();
          await exited;
        }),
      );
    },
  };
}

async function nextMessage<Say extends FromWorker["say"]>(
  child: ChildProcess,
  say: Say,
): Promise<Extract<FromWorker, { say: Say }>> {
  return await new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`a worker process ended with ${code} before it said "${say}"`));
    const onMessage = (message: FromWorker): void => {
      if (message.say !== say) return;
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(message as Extract<FromWorker, { say: Say }>);
    };
    child.on("message", onMessage);
    child.once("exit", onExit);
  });
}
