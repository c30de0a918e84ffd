import {
  createLimits,
  decide,
  noteAccepted,
  noteFinished,
  noteRefused,
  noteSent,
} from "../../../../../packages/pipeline/src/limit-controller.ts";
import type { ContenderRecipe } from "../contender.ts";

/** The controller of this project, as production runs it. */
export const learned: ContenderRecipe = {
  name: "learned (this project)",
  create(_account, random) {
    const state = createLimits();
    return {
      next(nowMs) {
        const decision = decide(state, { nowMs, random });
        return decision.go ? true : decision.untilMs;
      },
      sent: (nowMs) => noteSent(state, { nowMs, random }),
      accepted: (nowMs, sentAtMs) => {
        const pr = state.probe?.sentAtMs === sentAtMs ? state.probe.kind : "-";
        noteAccepted(state, { nowMs, random }, sentAtMs);
        const D = process.env["DBG"];
        if (
          D &&
          (pr !== "-" || process.env["DBGA"]) &&
          nowMs > 600000 + +(D.split("-")[0] ?? 0) * 60000 &&
          nowMs < 600000 + +(D.split("-")[1] ?? 0) * 60000
        )
          console.log(
            `   ${((nowMs - 600000) / 1000).toFixed(1)} accepted probe=${pr} U=${state.running.reduce((a, [, n]) => a + n, 0)} W=${state.window.reduce((a, [, n]) => a + n, 0)} C=${state.places.high} R=${state.rate.high?.toFixed(1)} search=${state.rate.search !== null}`,
          );
      },
      refused: (nowMs, sentAtMs, hint) => {
        const pr = state.probe?.sentAtMs === sentAtMs ? state.probe.kind : "-";
        noteRefused(state, { nowMs, random }, sentAtMs, hint);
        const D = process.env["DBG"];
        if (
          D &&
          nowMs > 600000 + +(D.split("-")[0] ?? 0) * 60000 &&
          nowMs < 600000 + +(D.split("-")[1] ?? 0) * 60000
        )
          console.log(
            `   ${((nowMs - 600000) / 1000).toFixed(1)} refused probe=${pr} U=${state.running.reduce((a, [, n]) => a + n, 0)} W=${state.window.reduce((a, [, n]) => a + n, 0)} blamed=${state.blamed} C=${state.places.high}${state.places.proven ? "P" : "s"} pk ${Math.max(state.places.peak.now, state.places.peak.before)} b${state.places.base} R=${state.rate.high?.toFixed(1)}${state.rate.proven ? "P" : "s"} pk ${Math.max(state.rate.peak.now, state.rate.peak.before)} b${state.rate.base.toFixed(1)} search=${state.rate.search !== null} strikes=${state.strikes} cnt=${state.rate.refusalsCount} rest=${((state.restUntilMs - nowMs) / 1000).toFixed(1)}`,
          );
      },
      finished: (nowMs, acceptedAtMs) => noteFinished(state, { nowMs, random }, acceptedAtMs),
      belief: () => ({
        limit: state.places.high ?? Number.NaN,
        ratePerMinute: state.rate.high ?? Number.NaN,
      }),
    };
  },
};
