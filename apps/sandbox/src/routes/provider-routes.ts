import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { gatewayPage, outcomeOf, refusal, type Answer } from "../answer.ts";
import { keyLabel } from "../key-label.ts";
import type { JournalEntry } from "../journal.ts";
import type { Parts } from "../parts.ts";
import { sendAnswer } from "../send-answer.ts";
import { balance } from "./balance.ts";
import { honest, type Answered, type Call } from "./call.ts";
import { status } from "./status.ts";
import { promptOf, submit } from "./submit.ts";

type Operation = Extract<JournalEntry["operation"], "submit" | "status" | "balance">;
/** null: the sandbox was reset or stopped while the answer was being delayed. */
type Act = (parts: Parts, call: Call) => Answered | Promise<Answered | null>;

/** The provider's own endpoints, under `/api/v1`. */
export function registerProviderRoutes(app: FastifyInstance, parts: Parts): void {
  const route = (operation: Operation, act: Act) => async (request: FastifyRequest, reply: FastifyReply) => {
    const key = bearerOf(request.headers.authorization);
    const label = key !== null && (parts.keys === null || parts.keys.has(key)) ? keyLabel(key) : null;
    const answered = await answer(operation, act, request, label);
    if (answered === null) {
      sendAnswer(reply, { kind: "reset" });
      return reply;
    }
    const shaped = shape(answered, label);
    const { taskId, faults } = answered;
    parts.journal.write({
      operation,
      key: label,
      taskId,
      outcome: outcomeOf(shaped),
      faults,
      userAgent: request.headers["user-agent"] ?? null,
      ...(operation === "submit" ? { prompt: promptOf(request.body) } : {}),
    });
    sendAnswer(reply, shaped);
    return reply;
  };

  async function answer(
    operation: Operation,
    act: Act,
    request: FastifyRequest,
    label: string | null,
  ): Promise<Answered | null> {
    const settings = parts.desk.of(label ?? "");
    if (settings.requireUserAgent && !request.headers["user-agent"]) return honest(gatewayPage(403));
    if (label === null) return honest(refusal(401));
    const { model = "" } = request.params as { model?: string };
    return act(parts, {
      label,
      settings,
      model,
      query: request.query as Record<string, string>,
      body: operation === "submit" ? request.body : undefined,
      fileHost: request.hostname,
    });
  }

  /** Lets the faults of the envelope strike. */
  function shape({ answer: meant, meeting }: Answered, label: string | null): Answer {
    if (meant.kind !== "envelope") return meant;
    const probabilities = parts.desk.of(label ?? "").faults;
    const everybody = { markers: [], probabilities, scope: label ?? "", lot: `envelope ${label}` };
    const [struck] = parts.draw.strike("envelope", meeting ?? everybody);
    return struck === undefined ? meant : struck.fault.shape(meant);
  }

  app.post("/api/v1/generateTask/:model", route("submit", submit));
  app.get("/api/v1/statusTask/:model", route("status", status));
  app.get("/api/v1/apikeys/current-balance", route("balance", balance));
}

/** The key of `Authorization: Bearer KEY`, or null. */
function bearerOf(header: string | undefined): string | null {
  const [, key = ""] = /^Bearer\s+(\S+)\s*$/i.exec(header ?? "") ?? [];
  return key === "" ? null : key;
}
