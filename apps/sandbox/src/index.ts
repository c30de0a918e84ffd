export type { BillTotals, BillView, Charge } from "./bill.ts";
export type { JournalEntry } from "./journal.ts";
export type { TaskView } from "./routes/task-view.ts";
export type { SettingsView } from "./settings-desk.ts";
export type { Settings, SettingsPatch } from "./settings.ts";
export { startSandbox, type Sandbox, type SandboxOptions } from "./start-sandbox.ts";
