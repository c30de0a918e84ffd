import { createBill } from "./bill.ts";
import { createCallbackSender } from "./callback-sender.ts";
import { createFaultDraw } from "./faults/fault-draw.ts";
import { createJournal } from "./journal.ts";
import { createLimits } from "./limits.ts";
import { createOrdinals } from "./ordinals.ts";
import type { Parts } from "./parts.ts";
import { createResultUrls } from "./result-urls.ts";
import { createScaledTimers } from "./scaled-timers.ts";
import { createSeededRandom } from "./seeded-random.ts";
import { createSettingsDesk } from "./settings-desk.ts";
import type { SettingsPatch } from "./settings.ts";
import type { StateFile } from "./state-file.ts";
import { createTaskBook } from "./task-book.ts";
import { reportOf } from "./task-report.ts";
import type { Task } from "./task.ts";

type Given = {
  settings: SettingsPatch;
  seed: string;
  keys: readonly string[];
  file: StateFile;
  fileOrigin: (host: string) => string;
};

/** Puts the sandbox together, without sockets. Tasks in the state file are known from here on, not yet watched. */
export function createParts({ settings, seed, keys, file, fileOrigin }: Given): Parts {
  const now = () => Date.now();
  const desk = createSettingsDesk(settings);
  const timers = createScaledTimers(() => desk.speed());
  const random = createSeededRandom(seed);
  const journal = createJournal(now);
  const bill = createBill();
  const limits = createLimits(({ rateWindowMs }) => timers.scaled(rateWindowMs), now);
  const resultUrls = createResultUrls({ scaled: (ms) => timers.scaled(ms), now, fileOrigin });

  function report(task: Task) {
    const own = desk.of(task.keyLabel);
    return reportOf(task, now(), own.clockSkewMs, () =>
      JSON.stringify({ resultUrls: [resultUrls.current(task, own)] }),
    );
  }

  return {
    desk,
    timers,
    random,
    draw: createFaultDraw(random),
    tasks: createTaskBook(file, [bill, limits]),
    bill,
    limits,
    journal,
    resultUrls,
    callbacks: createCallbackSender({ timers, journal, report }),
    ordinals: createOrdinals(),
    keys: keys.length === 0 ? null : new Set(keys),
    now,
  };
}

/** Forgets everything that happened and returns to the settings of the start. */
export function resetParts(parts: Parts): void {
  parts.timers.clear();
  parts.callbacks.stop();
  parts.desk.reset();
  parts.draw.reset();
  parts.tasks.reset();
  parts.bill.reset();
  parts.limits.reset();
  parts.journal.reset();
  parts.resultUrls.reset();
  parts.ordinals.reset();
}
