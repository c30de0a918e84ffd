import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Served } from "./result-origin.ts";

export type StandInsReady = { plainUrl: string; tlsUrl: string; certificate: string };

export type StandIns = {
  /** Serves result files and the bucket, in clear. */
  plainUrl: string;
  /** The same under TLS, with a certificate that has to be trusted first. */
  tlsUrl: string;
  certificatePath: string;
  /** What the origin has sent of one file. */
  served(name: string): Promise<Served>;
  stop(): Promise<void>;
};

export async function startStandIns(): Promise<StandIns> {
  const child = fork(fileURLToPath(new URL("stand-in-process.ts", import.meta.url)));
  const [ready] = (await once(child, "message")) as [StandInsReady];
  const folder = await mkdtemp(join(tmpdir(), "rushes-bench-"));
  const certificatePath = join(folder, "certificate.pem");
  await writeFile(certificatePath, ready.certificate);
  return {
    plainUrl: ready.plainUrl,
    tlsUrl: ready.tlsUrl,
    certificatePath,
    async served(name) {
      const answer = await fetch(`${ready.plainUrl}/served/${name}`);
      return (await answer.json()) as Served;
    },
    async stop() {
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
