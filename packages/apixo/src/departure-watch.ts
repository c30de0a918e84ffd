import { subscribe, unsubscribe } from "node:diagnostics_channel";
import type { DiagnosticsChannel } from "undici";

/**
 * Did this request leave the process? undici's error codes do not say: ECONNRESET comes before sending and after
 * charging alike. Its diagnostics channel does: `undici:client:sendHeaders` fires for a request in the turn in
 * which its first byte is handed to the socket, just before that, and for no other reason.
 *
 * undici makes the object that stands for a request inside `dispatch()` and publishes it at once on
 * `undici:request:create`; the same object comes back on `sendHeaders`. So the object is caught during the
 * synchronous `dispatch()` and recognised later by identity, however many requests are under way.
 */
export type Departure = {
  /** False until undici's object is known. A request that nobody watches must not be sent. */
  watched: boolean;
  left: boolean;
};

export type DepartureWatch = {
  /**
   * Runs `dispatch`, which must call undici's `dispatch()` with this method and path before it returns, and ties
   * that request to the departure.
   */
  during(departure: Departure, request: { method: string; path: string }, dispatch: () => void): void;
  /** Ends the subscriptions. What is dispatched after it stays unwatched. */
  stop(): void;
};

const CREATE = "undici:request:create";
const SEND_HEADERS = "undici:client:sendHeaders";

/** Subscribes at once, because undici publishes only to channels that somebody listens to. */
export function startDepartureWatch(): DepartureWatch {
  const departures = new WeakMap<object, Departure>();
  let dispatching: { departure: Departure; method: string; path: string } | undefined;

  function onCreate(message: unknown): void {
    const { request } = message as DiagnosticsChannel.RequestCreateMessage;
    if (dispatching === undefined || dispatching.departure.watched) return;
    // Another subscriber of this channel may make requests of its own in here; those are not ours.
    if (request.method !== dispatching.method || request.path !== dispatching.path) return;
    dispatching.departure.watched = true;
    departures.set(request, dispatching.departure);
  }

  function onSendHeaders(message: unknown): void {
    const { request } = message as DiagnosticsChannel.ClientSendHeadersMessage;
    const departure = departures.get(request);
    if (departure !== undefined) departure.left = true;
  }

  subscribe(CREATE, onCreate);
  subscribe(SEND_HEADERS, onSendHeaders);
  return {
    during(departure, { method, path }, dispatch) {
      dispatching = { departure, method, path };
      try {
        dispatch();
      } finally {
        dispatching = undefined;
      }
    },
    stop() {
      unsubscribe(CREATE, onCreate);
      unsubscribe(SEND_HEADERS, onSendHeaders);
    },
  };
}
