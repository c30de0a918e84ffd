import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { failMessage } from "../faults/fail-codes.ts";
import { FAULTS } from "../faults/fault-table.ts";
import type { Parts } from "../parts.ts";
import { settingsSchema, type SettingsPatch } from "../settings.ts";
import { endTask } from "../task-life.ts";
import type { TaskEnd } from "../task.ts";
import { overview } from "./overview.ts";
import { taskView, taskViews } from "./task-view.ts";

const endSchema = z.strictObject({ failCode: z.string().min(1).optional() });
const journalQuerySchema = z.object({ after: z.coerce.number().default(0) });

/** What tests and people see and do that no provider would offer, under `/sandbox`. */
export function registerControlRoutes(app: FastifyInstance, parts: Parts, reset: () => void): void {
  app.get("/sandbox/bill", () => parts.bill.view());
  app.get("/sandbox/overview", () => overview(parts));
  app.get("/sandbox/tasks", () => ({ tasks: taskViews(parts) }));
  app.get("/sandbox/journal", (request) => ({
    entries: parts.journal.since(journalQuerySchema.parse(request.query).after),
  }));

  app.get("/sandbox/settings", () => parts.desk.view());
  app.get("/sandbox/settings/schema", () => z.toJSONSchema(settingsSchema));
  app.patch("/sandbox/settings", (request) => {
    parts.desk.configure(request.body as SettingsPatch);
    return parts.desk.view();
  });
  app.get("/sandbox/faults", () => ({
    faults: FAULTS.map(({ at, name, does, argument = null }) => ({ name, at, does, argument })),
  }));

  app.post("/sandbox/tasks/:taskId/end", (request, reply) => {
    const { taskId } = request.params as { taskId: string };
    const task = parts.tasks.find(taskId);
    if (task === undefined) return reply.code(404).send({ error: "there is no such task" });
    if (!endTask(parts, task, endOf(request.body))) {
      return reply.code(409).send({ error: "the task has ended before" });
    }
    return reply.send(taskView(parts, task));
  });
  app.post("/sandbox/reset", () => {
    reset();
    return { done: true };
  });
}

/** `{}` ends with success, `{failCode}` with that failure. */
function endOf(body: unknown): TaskEnd {
  const { failCode } = endSchema.parse(body ?? {});
  if (failCode === undefined) return { state: "success" };
  return { state: "failed", failCode, failMsg: failMessage(failCode) };
}
