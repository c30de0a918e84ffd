import type { Redis } from "ioredis";
import { orderSchema, type AttemptKey, type Submission, type VideoRecord } from "@rushes/pipeline";

import { createLedger, type Ledger, type ReadScript } from "../src/index.ts";
import { parseRecord } from "../src/parse-record.ts";
import { A_MANIFEST } from "./ledger-settings.ts";

/**
 * Everything around one record that can happen: workers that crash, pause and come back with old knowledge, a provider
 * that accepts, refuses and ends tasks, callbacks at any time, a person. The provider's side is kept apart from the
 * record, so that the two can be compared. The moves and what is compared are those of docs/transitions.md.
 */
export type Post = {
  attempt: AttemptKey;
  taskId: string;
  state: "in_network" | "running" | "done" | "task_failed" | "not_accepted";
  /** Whether we were ever told of the task. */
  heard: boolean;
};

type Worker =
  | { at: "intent"; submission: Submission }
  | { at: "posted"; submission: Submission; post: Post }
  | {
      at: "answered";
      submission: Submission;
      post: Post | null;
      answer: "accepted" | "refused_for_now" | "refused" | "not_sent" | "unknown";
    }
  | { at: "looked"; key: AttemptKey; taskId: string; report: "running" | "succeeded" | "failed" }
  | { at: "copied"; key: AttemptKey; taskId: string; result: "stored" | "gone" }
  | { at: "copied again"; key: AttemptKey; taskId: string; result: "stored" | "refused" | "again" };

export type WorldOptions = { maxCharges: number; retry: boolean; maxPosts: number; read: ReadScript };

export const PRICE = 1_000_000;
const ACCOUNT = "main";

export class World {
  readonly id = "vid_walk";
  get retries(): boolean {
    return this.options.retry;
  }
  readonly posts: Post[] = [];
  readonly workers: Worker[] = [];
  readonly said: string[] = [];
  /** Attempts over which a person has allowed a further charge. */
  readonly consentedOver = new Set<number>();
  consents = 0;
  acknowledgedCancel = false;
  readonly ledger: Ledger;
  private release: { attemptsSeen: number; times: number } | null = null;

  private readonly redis: Redis;
  private readonly prefix: string;
  private readonly options: WorldOptions;
  private readonly random: () => number;

  constructor(redis: Redis, prefix: string, options: WorldOptions, random: () => number) {
    this.redis = redis;
    this.prefix = prefix;
    this.options = options;
    this.random = random;
    this.ledger = createLedger(
      redis,
      prefix,
      {
        budgetMicros: null,
        leaseMaxMs: 3_600_000,
        submitDeadlineMs: 3_600_000,
        billFailedTasks: true,
      },
      options.read,
    );
  }

  async begin(): Promise<void> {
    const order = orderSchema.parse({
      input: { mode: "master-text-to-video", prompt: "a walk", duration: 5 },
      max_charges: this.options.maxCharges,
    });
    await this.ledger.admit({ videoId: this.id, owner: "walker", idempotencyKey: null, order });
  }

  /** One move, chosen at random among those that are possible now. */
  async step(record: VideoRecord): Promise<void> {
    const moves = this.moves(record);
    const move = moves[Math.floor(this.random() * moves.length)];
    if (!move) return;
    const [label, run] = move;
    this.said.push(label);
    await run();
  }

  private moves(record: VideoRecord): [string, () => unknown][] {
    const moves: [string, () => unknown][] = [];
    const add = (label: string, run: () => unknown, weight = 1): void => {
      for (let i = 0; i < weight; i += 1) moves.push([label, run]);
    };
    if (this.workers.length < 2) this.wakeMoves(record, add);
    for (const worker of this.workers) this.workerMoves(record, worker, add);
    for (const post of this.posts) this.providerMoves(post, add);
    this.personMoves(record, add);
    if (record.phase === "submitting") {
      add("time: the newest attempt's deadline passes", () => this.passDeadline(record));
    }
    return moves;
  }

  private wakeMoves(
    record: VideoRecord,
    add: (label: string, run: () => unknown, weight?: number) => void,
  ): void {
    const current = record.attempts[record.current - 1];
    const key = current && { videoId: this.id, ...current };
    switch (record.phase) {
      case "queued":
        if (this.posts.length < this.options.maxPosts) add("worker claims", () => this.claim(), 3);
        break;
      case "submitting":
        add("woken: deadline script", () => this.ledger.expireSubmission(this.id));
        add("sweep", () => this.sweep());
        break;
      case "generating": {
        const taskId = current?.taskId;
        const post = this.posts.find((known) => known.taskId === taskId);
        if (!key || !taskId || !post) break;
        const report =
          post.state === "done" ? "succeeded" : post.state === "task_failed" ? "failed" : "running";
        add(`worker looks: ${report}`, () => this.workers.push({ at: "looked", key, taskId, report }), 2);
        break;
      }
      case "archiving":
        for (const result of ["stored", "gone"] as const) {
          const taskId = current?.taskId;
          if (key && taskId)
            add(`worker archives: ${result}`, () => this.workers.push({ at: "copied", key, taskId, result }));
        }
        break;
      case "completed":
      case "failed": {
        const taskId = current?.taskId;
        if (!record.rearchive || !key || !taskId) break;
        for (const result of ["stored", "refused", "again"] as const) {
          add(`worker archives again: ${result}`, () =>
            this.workers.push({ at: "copied again", key, taskId, result }),
          );
        }
        break;
      }
      case "unconfirmed":
      case "cancelled":
    }
  }

  private workerMoves(
    record: VideoRecord,
    worker: Worker,
    add: (label: string, run: () => unknown, weight?: number) => void,
  ): void {
    const become = (next: Worker | null): void => {
      this.workers.splice(this.workers.indexOf(worker), 1, ...(next ? [next] : []));
    };
    add(`worker crashes at ${worker.at}`, () => become(null));
    switch (worker.at) {
      case "intent": {
        const { submission } = worker;
        const passed = (record.attempts[submission.number - 1]?.deadlineMs ?? 0) === 1;
        add("connection fails before a byte left", () =>
          become({ at: "answered", submission, post: null, answer: "not_sent" }),
        );
        // The monotonic check: past the deadline it does not send.
        if (!passed) {
          add(
            "worker posts",
            () => {
              const { videoId, number, secret, account } = submission;
              const post: Post = {
                attempt: { videoId, number, secret, account },
                taskId: `task-${this.posts.length + 1}`,
                state: "in_network",
                heard: false,
              };
              this.posts.push(post);
              become({ at: "posted", submission, post });
            },
            3,
          );
        }
        break;
      }
      case "posted": {
        const { submission, post } = worker;
        const answered = (answer: "accepted" | "refused_for_now" | "refused" | "unknown"): void =>
          become({ at: "answered", submission, post, answer });
        add("answer lost", () => answered("unknown"));
        if (isAccepted(post)) add("answer: accepted", () => answered("accepted"), 3);
        if (post.state === "not_accepted") {
          add("answer: refused for now", () => answered("refused_for_now"));
          add("answer: refused", () => answered("refused"));
        }
        break;
      }
      case "answered":
        add(
          `stores: ${worker.answer}`,
          () => {
            become(null);
            return this.learn(worker.submission, worker.post, worker.answer);
          },
          3,
        );
        break;
      case "looked":
        add(
          `stores look: ${worker.report}`,
          () => {
            become(null);
            return this.storeLook(worker.key, worker.taskId, worker.report);
          },
          2,
        );
        break;
      case "copied":
        add(
          `stores archive: ${worker.result}`,
          () => {
            become(null);
            return this.ledger.recordArchive(
              worker.key,
              worker.taskId,
              worker.result === "stored"
                ? { result: "stored", output: [], manifest: A_MANIFEST }
                : { result: "gone", problem: PROBLEM },
            );
          },
          2,
        );
        break;
      case "copied again":
        add(`stores rearchive: ${worker.result}`, () => {
          become(null);
          const { result } = worker;
          const stored = { output: [A_MANIFEST], manifest: A_MANIFEST };
          return this.ledger.recordRearchive(
            worker.key,
            worker.taskId,
            result === "stored"
              ? { result, ...stored }
              : result === "refused"
                ? { result, why: "as the test says" }
                : { result },
          );
        });
    }
  }

  private providerMoves(post: Post, add: (label: string, run: () => unknown, weight?: number) => void): void {
    const become = (state: Post["state"]): void => {
      post.state = state;
    };
    if (post.state === "in_network") {
      add(`provider accepts ${post.taskId}`, () => become("running"), 2);
      add(`provider does not accept ${post.taskId}`, () => become("not_accepted"));
    }
    if (post.state === "running") {
      add(`${post.taskId} ends well`, () => become("done"));
      add(`${post.taskId} fails`, () => become("task_failed"));
    }
    if (isAccepted(post))
      add(`callback for ${post.taskId}`, () => this.learn(post.attempt, post, "accepted"));
  }

  private personMoves(
    record: VideoRecord,
    add: (label: string, run: () => unknown, weight?: number) => void,
  ): void {
    if (record.phase === "queued") {
      add("cancel", async () => {
        if ((await this.ledger.cancel(this.id)).result === "cancelled") this.acknowledgedCancel = true;
      });
    }
    if (record.phase === "unconfirmed") {
      add("write-off", () => this.ledger.writeOff(this.id, "a person"));
      if (!this.release && this.consents < 2) {
        add(
          "a person decides to release",
          () => {
            this.consents += 1;
            for (const attempt of record.attempts) this.consentedOver.add(attempt.number);
            this.release = { attemptsSeen: record.attempts.length, times: 2 };
          },
          2,
        );
      }
    }
    const release = this.release;
    if (release) {
      add(
        "release script",
        () => {
          release.times -= 1;
          if (release.times === 0) this.release = null;
          return this.ledger.release(this.id, release.attemptsSeen, null, "a person");
        },
        2,
      );
    }
    if (record.phase === "completed" || record.phase === "failed")
      add("a person wants the files again", () => this.ledger.requestRearchive(this.id, "a person"));
    for (const post of this.posts.filter(isAccepted)) {
      add(`a person adopts ${post.taskId}`, async () => {
        await this.ledger.adopt(this.id, post.taskId, "a person");
        const { attempts } = (await this.look()).record;
        if (attempts.some((attempt) => attempt.taskId === post.taskId)) post.heard = true;
      });
    }
  }

  private async claim(): Promise<void> {
    const claim = await this.ledger.claimSubmission([{ name: ACCOUNT, concurrency: 9, rate: 1_000_000 }]);
    if (claim.kind === "claimed") this.workers.push({ at: "intent", submission: claim });
  }

  private async learn(
    attempt: AttemptKey,
    post: Post | null,
    answer: "accepted" | "refused_for_now" | "refused" | "not_sent" | "unknown",
  ): Promise<void> {
    switch (answer) {
      case "accepted":
        if (!post) return;
        post.heard = true;
        await this.ledger.learnAnswer(attempt, { fact: "accepted", taskId: post.taskId, firstLookMs: 0 });
        return;
      case "unknown":
        await this.ledger.learnAnswer(attempt, { fact: "unknown" });
        return;
      case "refused":
        await this.ledger.learnAnswer(attempt, { fact: "refused", problem: PROBLEM });
        return;
      case "refused_for_now":
      case "not_sent":
        await this.ledger.learnAnswer(attempt, {
          fact: answer,
          kind: "unavailable",
          backoffMs: 0,
          problem: PROBLEM,
        });
    }
  }

  private async storeLook(
    key: AttemptKey,
    taskId: string,
    report: "running" | "succeeded" | "failed",
  ): Promise<void> {
    switch (report) {
      case "running":
        await this.ledger.recordLook(key, taskId, {
          report,
          providerState: "processing",
          nextLookMs: 1,
          late: false,
          looksFailed: 0,
        });
        return;
      case "succeeded":
        await this.ledger.recordLook(key, taskId, { report, resultUrls: ["https://files.example/x.mp4"] });
        return;
      case "failed":
        await this.ledger.recordLook(key, taskId, {
          report,
          problem: PROBLEM,
          mayRetry: this.options.retry,
          backoffMs: 0,
        });
    }
  }

  private async sweep(): Promise<void> {
    // The test's own clock: a record is overdue when its deadline has passed.
    await this.ledger.claimOverdue(0);
  }

  private async passDeadline(record: VideoRecord): Promise<void> {
    const newest = record.attempts.length;
    await this.redis.hset(`${this.prefix}:video:${this.id}`, `${newest}.deadline`, 1);
    await this.redis.zadd(`${this.prefix}:due`, 1, this.id);
  }

  /** The record and everything beside it that must agree with it, read at one moment. */
  async look(): Promise<Sight> {
    const day = Math.floor(Date.now() / 86_400_000);
    const multi = this.redis.multi();
    multi.hgetall(`${this.prefix}:video:${this.id}`);
    multi.zrange(`${this.prefix}:leases:${ACCOUNT}`, 0, -1);
    multi.zscore(`${this.prefix}:due`, this.id);
    multi.hmget(`${this.prefix}:spend:${day}`, "reserved", "billed");
    multi.get(`${this.prefix}:files:${this.id}`);
    const answers = ((await multi.exec()) ?? []).map(([, answer]) => answer);
    const [fields, leases, due, spend, files] = answers as [
      Record<string, string>,
      string[],
      string | null,
      (string | null)[],
      string | null,
    ];
    const strays = Object.entries(fields).filter(
      ([name, value]) => name.startsWith("stray:") && value !== "",
    );
    return {
      record: parseRecord(this.id, fields, files),
      leases: new Set(leases.map((member) => Number(member.split("#")[1]))),
      strays: new Set(strays.map(([name]) => name.slice("stray:".length))),
      isDue: due !== null,
      spend: { reserved: Number(spend[0] ?? 0), billed: Number(spend[1] ?? 0) },
    };
  }
}

export type Sight = {
  record: VideoRecord;
  /** Attempts that hold a place at the account, by number. */
  leases: ReadonlySet<number>;
  strays: ReadonlySet<string>;
  isDue: boolean;
  spend: { reserved: number; billed: number };
};

export function isAccepted(post: Post): boolean {
  return post.state === "running" || post.state === "done" || post.state === "task_failed";
}

const PROBLEM = { code: "refused_in_test", class: "unknown", message: "as the test says" } as const;
