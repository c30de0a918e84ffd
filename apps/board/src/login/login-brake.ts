import { isIPv6 } from "node:net";

/** Somebody who mistypes a few times notices nothing. */
export const FREE_TRIES = 5;
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** After a time without tries an address starts afresh; longer than the longest wait. */
const FORGET_MS = 60 * 60_000;
/** Addresses remembered at once. When there are more, the one that has been quiet longest is forgotten. */
const MOST_ADDRESSES = 10_000;

export type LoginBrake = {
  /** Counts a try and answers 0 when it may go on, or how long to wait. A try that has to wait is not counted. */
  tryIn(address: string): number;
  /** The try was right: the address starts afresh. */
  release(address: string): void;
};

/**
 * Slows down guessing: after `FREE_TRIES` wrong tries of an address each further one must come later than the last, by
 * 1 s, 2 s, 4 s … up to 15 minutes. A try counts before its password is checked, so that many at once are many.
 *
 * @param now monotonic milliseconds
 */
export function createLoginBrake(now: () => number): LoginBrake {
  /** In the order of the latest try. */
  const tries = new Map<string, { count: number; lastMs: number }>();

  return {
    tryIn(address) {
      const group = addressGroup(address);
      const known = tries.get(group);
      const past = known && now() - known.lastMs < FORGET_MS ? known : { count: 0, lastMs: 0 };
      const leftMs = past.lastMs + waitAfter(past.count) - now();
      if (past.count > 0 && leftMs > 0) return leftMs;
      tries.delete(group);
      tries.set(group, { count: past.count + 1, lastMs: now() });
      const [quietest] = tries.keys();
      if (tries.size > MOST_ADDRESSES && quietest !== undefined) tries.delete(quietest);
      return 0;
    },
    release(address) {
      tries.delete(addressGroup(address));
    },
  };
}

function waitAfter(tries: number): number {
  return tries < FREE_TRIES ? 0 : Math.min(FIRST_WAIT_MS * 2 ** (tries - FREE_TRIES), LONGEST_WAIT_MS);
}

/** Whoever has one IPv6 address usually has the 2^64 of its network, so the network counts. */
function addressGroup(address: string): string {
  const bare = address.split("%")[0] ?? address;
  if (!isIPv6(bare)) return bare;
  // A URL writes the address in its one short form, IPv4 in IPv6 included.
  const short = new URL(`http://[${bare}]`).hostname.slice(1, -1);
  const [front = "", back] = short.split("::");
  const head = front === "" ? [] : front.split(":");
  const tail = back === undefined || back === "" ? [] : back.split(":");
  const groups = [...head, ...Array<string>(8 - head.length - tail.length).fill("0"), ...tail];
  const isIPv4Inside = groups.slice(0, 6).join(":") === "0:0:0:0:0:ffff";
  return isIPv4Inside ? groups.slice(6).join(":") : groups.slice(0, 4).join(":");
}
