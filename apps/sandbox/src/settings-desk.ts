import { asKeyLabel } from "./key-label.ts";
import { DEFAULT_SETTINGS, settingsPatchSchema, type Settings, type SettingsPatch } from "./settings.ts";

/** Holds the settings in force and answers what they are for one key. */
export type SettingsDesk = {
  speed(): number;
  /** The settings as one key meets them: the general ones under its own overrides. */
  of(label: string): Settings;
  /** Throws a ZodError for a patch that is not valid, and then changes nothing. */
  configure(patch: SettingsPatch): void;
  /** Everything in force, in the form of a patch; keys appear by label. */
  view(): SettingsView;
  /** Back to the settings of the start. */
  reset(): void;
};

export type SettingsView = Settings & { speed: number; perKey: Record<string, Partial<Settings>> };

export function createSettingsDesk(initial: SettingsPatch): SettingsDesk {
  let speed = 1;
  let general = DEFAULT_SETTINGS;
  let overrides = new Map<string, Partial<Settings>>();
  let merged = new Map<string, Settings>();

  function configure(patch: SettingsPatch): void {
    const { speed: newSpeed, perKey = {}, ...rest } = settingsPatchSchema.parse(patch);
    speed = newSpeed ?? speed;
    general = { ...general, ...patched(general, rest) };
    for (const [key, change] of Object.entries(perKey)) {
      const label = asKeyLabel(key);
      if (change === null) overrides.delete(label);
      else overrides.set(label, patched(overrides.get(label) ?? {}, change));
    }
    merged = new Map();
  }

  configure(initial);
  return {
    speed: () => speed,
    of(label) {
      const known = merged.get(label);
      if (known !== undefined) return known;
      const own = { ...general, ...overrides.get(label) };
      merged.set(label, own);
      return own;
    },
    configure,
    view: () => ({ speed, ...general, perKey: Object.fromEntries(overrides) }),
    reset() {
      speed = 1;
      general = DEFAULT_SETTINGS;
      overrides = new Map();
      configure(initial);
    },
  };
}

type Change = { [Name in keyof Settings]?: Settings[Name] | null | undefined };

/** `old` with the fields of `change` that are set; faults are merged one by one, so a patch need not repeat them. */
function patched(old: Partial<Settings>, change: Change): Partial<Settings> {
  const set = Object.entries(change).filter(([, value]) => value !== undefined);
  const next = { ...old, ...(Object.fromEntries(set) as Partial<Settings>) };
  if (change.faults !== undefined) {
    const faults = change.faults === null ? {} : { ...old.faults, ...change.faults };
    next.faults = Object.fromEntries(Object.entries(faults).filter(([, probability]) => probability > 0));
  }
  return next;
}
