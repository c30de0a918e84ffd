import { once } from "node:events";
import { connect, createServer } from "node:net";

export type PortWish = {
  /** What a person has set. It is taken as it is, for a port that is not the one asked for would be a surprise. */
  set?: number | undefined;
  /** What it should be when it is free. */
  preferred?: number | undefined;
};

/** The port to use on loopback, and whether it is another one than the preferred because somebody has that. */
export async function choosePort(wish: PortWish): Promise<{ port: number; isSubstitute: boolean }> {
  const { set, preferred } = wish;
  if (set !== undefined && set !== 0) return { port: set, isSubstitute: false };
  if (set === undefined && preferred !== undefined && (await isFree(preferred))) {
    return { port: preferred, isSubstitute: false };
  }
  return { port: await freePort(), isSubstitute: set === undefined && preferred !== undefined };
}

/**
 * Whether nobody listens there. Asks by calling, too: some systems let two processes listen on one port when one of
 * them has named its address and the other has not.
 */
async function isFree(port: number): Promise<boolean> {
  return !(await answers(port)) && (await canListen(port));
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function canListen(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("The system gave no port.");
  return address.port;
}
