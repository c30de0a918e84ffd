/** A rule of the sources, word for word, and what a careless system has in its place. */
export type SourceEdit = { file: string; rule: string; instead: string };

export type Mutant = {
  name: string;
  /** What is missing, in words. */
  means: string;
  edits: readonly SourceEdit[];
};

export const MUTANTS: readonly Mutant[] = [
  {
    name: "no-compare-and-set",
    means: "A look counts whatever has become of the video meanwhile.",
    edits: [
      {
        file: "packages/ledger/scripts/record-look.lua",
        rule: "local carries = phase(record) == 'generating' and num(record, 'current') == n",
        instead: "local carries = true",
      },
    ],
  },
  {
    name: "no-intent",
    means: "Nothing is written before the POST; a turn that brings no answer is taken again later.",
    edits: [
      {
        file: "packages/ledger/scripts/claim-submission.lua",
        rule: "save(record, 'intent', { 'attempt', digits(n), 'account', account.name })",
        instead: "joinLine(record, NOW + deadlineMs)",
      },
    ],
  },
  {
    name: "retry-on-doubt",
    means: "A lost answer is taken for a refusal, and the order is posted again.",
    edits: [
      {
        file: "packages/ledger/scripts/record.lua",
        rule: "if why == 'unknown' then return move(record, 'unconfirmed', 0) end",
        instead: "if why == 'unknown' then return backToLine(record, { backoffMs = 0, graceMs = 0 }) end",
      },
      {
        file: "packages/ledger/scripts/claim-submission.lua",
        rule: "charges(record) >= num(record, 'max_charges') or liveAttempt(record)",
        instead: "liveAttempt(record)",
      },
    ],
  },
  {
    name: "redirects-followed",
    means: "The POST follows redirects, as fetch does.",
    edits: [
      {
        file: "packages/apixo/src/post-once.ts",
        rule: "import { Client, ",
        instead: "import { interceptors, Client, ",
      },
      {
        file: "packages/apixo/src/post-once.ts",
        rule: "client.dispatch(",
        instead: "client.compose(interceptors.redirect({ maxRedirections: 3 })).dispatch(",
      },
    ],
  },
  {
    name: "callback-trusted",
    means: "What a callback says of the task's end is believed.",
    edits: [
      {
        file: "apps/api/src/routes/receive-callback.ts",
        rule: "takeCallback(attempt, taskId ?? null)",
        instead: "takeCallback(attempt, taskId ?? null, request.body)",
      },
      {
        file: "packages/producer/src/take-callback.ts",
        rule: "async takeCallback(attempt, taskId) {",
        instead: "async takeCallback(attempt, taskId, body) {",
      },
      {
        file: "packages/producer/src/take-callback.ts",
        rule: "const standing = await learn(attempt, named);",
        instead: `const said = JSON.parse(String(body)).data;
      const problem = { code: said.failCode, class: "content_policy", message: "as the callback says" };
      const end = { report: "failed", problem, mayRetry: false, backoffMs: 0 };
      const standing = said.state === "failed" ? await ledger.recordLook(attempt, named, end) : await learn(attempt, named);`,
      },
    ],
  },
  {
    name: "no-budget",
    means: "The admitting script does not look at the budget.",
    edits: [
      {
        file: "packages/ledger/scripts/admit-video.lua",
        rule: "allows(tonumber(ARGV[13]), tonumber(ARGV[9]))",
        instead: "allows(-1, tonumber(ARGV[9]))",
      },
    ],
  },
];

export function findMutant(name: string): Mutant {
  const mutant = MUTANTS.find((known) => known.name === name);
  if (!mutant) throw new Error(`there is no mutant ${name}`);
  return mutant;
}
