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
 * Gathers the requests of one turn of the event loop and serves up to `most` of them at once, in their order. Nothing
 * waits for more to come: what was gathered goes when the code that is running and the promises it settled are through.
 */
export function gatherRequests<Request, Answer>(
  serve: Serve<Request, Answer>,
  most: number,
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
      if (gathered.length === 1) process.nextTick(serveGathered);
    });
}
