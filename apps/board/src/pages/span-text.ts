const UNITS = [
  { ms: 86_400_000, name: "d" },
  { ms: 3_600_000, name: "h" },
  { ms: 60_000, name: "min" },
  { ms: 1_000, name: "s" },
] as const;

/** A span of time in its two largest units: `42 s`, `3 min`, `2 h 5 min`, `4 d`. Below ten seconds with a decimal. */
export function spanText(ms: number): string {
  if (ms < 0) return spanText(-ms).replace(/^(?!0 s$)/, "−");
  if (ms < 10_000) return `${(ms / 1000).toFixed(1).replace(/\.0$/, "")} s`;
  const first = UNITS.findIndex((unit) => ms >= unit.ms);
  const [unit, next] = [UNITS[first], UNITS[first + 1]];
  if (!unit) return "0 s";
  const whole = Math.floor(ms / unit.ms);
  // Seconds beside minutes matter while there are few of them.
  const showsNext = next && whole < 10;
  const rest = showsNext ? Math.floor((ms % unit.ms) / next.ms) : 0;
  return rest > 0 && next ? `${whole} ${unit.name} ${rest} ${next.name}` : `${whole} ${unit.name}`;
}

/** `2026-11-24 15:01:13`, in UTC. */
export function momentText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
