import { channel } from "node:diagnostics_channel";

/** One moment of one call of a port. Whoever hears it runs within the call: the call goes on when they return. */
export type AnnouncedCall = {
  part: string;
  call: string;
  moment: "begins" | "ended" | "failed";
  args: readonly unknown[];
  /** What an ended call answered. */
  result?: unknown;
};

/** The name of the diagnostics channel (`node:diagnostics_channel`) on which calls are told. */
export const CALLS_CHANNEL = "rushes:call";

const calls = channel(CALLS_CHANNEL);

/**
 * Tells the beginning and the end of every call of a port to whoever watches this process from inside. The proof does:
 * it kills and freezes processes between two calls, at moments with a name. Nobody else can subscribe from outside, and
 * with no subscriber at this moment the port itself is returned, so that nothing is slower or different in production.
 */
export function announceCalls<Port extends object>(part: string, port: Port): Port {
  if (!calls.hasSubscribers) return port;
  return new Proxy(port, {
    get(target, name): unknown {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || typeof name !== "string") return member;
      return (...args: unknown[]): unknown => {
        const tell = (moment: AnnouncedCall["moment"], result?: unknown): void =>
          calls.publish({ part, call: name, moment, args, result } satisfies AnnouncedCall);
        tell("begins");
        const answer: unknown = Reflect.apply(member, target, args);
        if (!(answer instanceof Promise)) return answer;
        return answer.then(
          (result: unknown) => {
            tell("ended", result);
            return result;
          },
          (error: unknown) => {
            tell("failed");
            throw error;
          },
        );
      };
    },
  });
}
