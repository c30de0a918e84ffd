import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { env, execArgv } from "node:process";
import { fileURLToPath } from "node:url";
import type { ClientOrder, CopyOrder, FromClient } from "./client-messages.ts";

export type Copied = Extract<FromClient, { say: "copied" }>;

export type Client = {
  copy(order: CopyOrder): Promise<Copied>;
  stop(): Promise<void>;
};

export type ClientSurroundings = {
  /** The certificate of the stand-ins, which the system does not know. */
  certificatePath: string;
  /** A folder for its CPU profile; null = none. */
  profileDir: string | null;
};

/** Starts one contender; it does nothing until told. */
export async function startClient(
  order: ClientOrder,
  { certificatePath, profileDir }: ClientSurroundings,
): Promise<Client> {
  const entry = fileURLToPath(new URL("client-process.ts", import.meta.url));
  const profiling =
    profileDir === null
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${profileDir}`, `--cpu-prof-name=${profileName(order)}`];
  const child = fork(entry, [JSON.stringify(order)], {
    execArgv: [...execArgv, ...profiling],
    env: { ...env, NODE_EXTRA_CA_CERTS: certificatePath },
  });
  await nextMessage(child, "ready");
  return {
    async copy(copyOrder) {
      const copied = nextMessage(child, "copied");
      child.send(copyOrder);
      return await copied;
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}

function profileName({ contender, bucketUrl }: ClientOrder): string {
  return `${contender}-${bucketUrl.startsWith("https") ? "tls" : "plain"}-${Date.now()}.cpuprofile`;
}

async function nextMessage<Say extends FromClient["say"]>(
  child: ChildProcess,
  say: Say,
): Promise<Extract<FromClient, { say: Say }>> {
  return await new Promise((resolve, reject) => {
    const onExit = (code: number | null): void =>
      reject(new Error(`a client process ended with ${code} before it said "${say}"`));
    const onMessage = (message: FromClient): void => {
      if (message.say !== say) return;
      child.off("message", onMessage);
      child.off("exit", onExit);
      resolve(message as Extract<FromClient, { say: Say }>);
    };
    child.on("message", onMessage);
    child.once("exit", onExit);
  });
}
