/** Serves all of them; a rejected one fails that request alone. A throw fails all. */
type Serve<Request, Answer> = (
  requests: readonly [Request, ...Request[]],
) => Promise<readonly PromiseSettledResult<Answer>[]>;

type Pending<Request, Answer> = {
  request: Request;
  resolve: (answer: Answer) => void;
  reject: (reason: unknown) => void;
};

/**
 * Gathers requests that are made at one time and serves up to `most` of them at once, in their order. Nothing waits for
 * more to come.
 *
 * @param goesWhen `tick`: what was gathered goes when the code that is running and the promises it settled are through.
 *   `turn`: when everything that has arrived at this process by now has been looked at. For requests that come from
 *   outside, each on a connection of its own: they arrive together, but no two of them in one tick.
 */
export function gatherRequests<Request, Answer>(
  serve: Serve<Request, Answer>,
  most: number,
  goesWhen: "tick" | "turn" = "tick",
): (request: Request) => Promise<Answer> {
  let gathered: Pending<Request, Answer>[] = [];

  function serveGathered(): void {
    const all = gathered;
    gathered = [];
    for (let from = 0; from < all.length; from += most) void serveSome(all.slice(from, from + most));
  }

  async function serveSome(some: readonly Pending<Request, Answer>[]): Promise<void> {
    try {
      const requests = some.map(({ request }) => request) as [Request, ...Request[]];
      const answers = await serve(requests);
      some.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer?.status === "fulfilled") resolve(answer.value);
        else reject(answer?.reason ?? new Error("a request was not answered"));
      });
    } catch (error) {
      for (const { reject } of some) reject(error);
    }
  }

  return (request) =>
    new Promise((resolve, reject) => {
      gathered.push({ request, resolve, reject });
      if (gathered.length > 1) return;
      if (goesWhen === "tick") process.nextTick(serveGathered);
      else setImmediate(serveGathered);
    });
}
