import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";

const SHORT_BACKLOG_THEN_SLEEP = `
  const { parentPort, workerData } = require("node:worker_threads");
  const server = require("node:net").createServer();
  server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(workerData), 0, 0);
    process.exit();
  });
`;

/**
 * A loopback port whose connections never come about: its owner sleeps and accepts nobody, and the kernel's short
 * queue of connections is full, so further SYNs are dropped without an answer.
 */
export async function startBlockedListener(): Promise<{ port: number; stop(): Promise<void> }> {
  const lock = new SharedArrayBuffer(4);
  const worker = new Worker(SHORT_BACKLOG_THEN_SLEEP, { eval: true, workerData: lock });
  const [port] = (await once(worker, "message")) as [number];
  const fillers: Socket[] = [];
  // Linux lets one more than the backlog in. Each filler that gets in takes a place; the last one hangs.
  for (let filled = 0; filled < 2; filled += 1) {
    const socket = connect(port, "127.0.0.1");
    fillers.push(socket);
    await once(socket, "connect");
  }
  return {
    port,
    async stop() {
      for (const socket of fillers) socket.destroy();
      Atomics.store(new Int32Array(lock), 0, 1);
      Atomics.notify(new Int32Array(lock), 0);
      await worker.terminate();
    },
  };
}
