/** How a command ends. Scripts rely on these numbers. */
export const EXIT = {
  ok: 0,
  /** The video failed or was cancelled, or what was asked for was refused: trying again as it is will not help. */
  failed: 1,
  /** Wrong words on the command line, or an order that cannot be one. Nothing was done. */
  usage: 2,
  /** Not known, or not yet: the api does not answer, or the time is up. The same command may be repeated, with the same key. */
  unfinished: 3,
} as const;

export const EXIT_HELP = `
Exit codes: 0 done; 1 the video failed, or the api refused; 2 wrong usage or an order that is not valid; 3 the api does not
answer or the time is up: repeat it, an order with the same --idempotency-key.
`;
