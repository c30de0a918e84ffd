// The overview while it is open: asks for what has changed, puts it in place, and draws each account's history.
// Parts come as HTML that the server has made and escaped. Written for browsers as it is served.
"use strict";

(() => {
  const EVERY_MS = 3_000;
  /** As long as the server keeps samples. */
  const SPAN_S = 3 * 3_600;
  /** Without samples for so long a line is interrupted. */
  const GAP_S = 30;

  const SERIES = {
    places: { title: "Tasks in flight", used: "in flight", limit: "limit", rows: [1, 2] },
    rate: { title: "Requests a minute", used: "last minute", limit: "limit", rows: [3, 4] },
  };

  const dark = matchMedia("(prefers-color-scheme: dark)");
  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    const of = (name) => style.getPropertyValue(name).trim();
    return {
      used: of("--used"),
      limit: of("--limit"),
      refused: of("--problem"),
      text: of("--quiet"),
      grid: of("--line"),
    };
  };

  /** By account: rows of time in ms, in flight, limit, last minute, per minute, refused. */
  const history = new Map();
  const charts = [];

  /** Redraws the moments at which submits met a 429: a line over the whole height, as it concerns both charts. */
  const markRefusals = (account) => (chart) => {
    const { ctx, bbox } = chart;
    ctx.save();
    ctx.strokeStyle = colours().refused;
    ctx.globalAlpha = 0.75;
    ctx.lineWidth = devicePixelRatio;
    ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
    for (const [atMs, , , , , refused] of history.get(account) ?? []) {
      if (refused === 0) continue;
      const x = Math.round(chart.valToPos(atMs / 1_000, "x", true));
      if (x < bbox.left || x > bbox.left + bbox.width) continue;
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };

  /** Times of day in UTC, with seconds where the marks are closer than a minute. */
  const clockMarks = (_, seconds) => {
    const length = (seconds[1] ?? 0) - (seconds[0] ?? 0) < 60 ? 8 : 5;
    return seconds.map((at) => new Date(at * 1_000).toISOString().slice(11, 11 + length));
  };

  const dataOf = (account, [used, limit]) => {
    const data = [[], [], [], []];
    let last = null;
    for (const row of history.get(account) ?? []) {
      const at = row[0] / 1_000;
      if (last !== null && at - last > GAP_S)
        for (const [column, value] of [
          [0, last + 1],
          [1, null],
          [2, null],
          [3, null],
        ])
          data[column].push(value);
      data[0].push(at);
      data[1].push(row[used]);
      data[2].push(row[limit]);
      data[3].push(row[5] > 0 ? row[5] : null);
      last = at;
    }
    return data;
  };

  function draw(place, account) {
    const { title, used, limit, rows } = SERIES[place.dataset.chart];
    const paint = colours();
    const axis = {
      stroke: paint.text,
      grid: { stroke: paint.grid, width: 1 },
      ticks: { stroke: paint.grid, width: 1 },
      font: "12px system-ui",
    };
    const chart = new uPlot(
      {
        title,
        width: place.clientWidth,
        height: 220,
        cursor: { sync: { key: account } },
        scales: { y: { range: (_, low, high) => [0, Math.max(4, Math.ceil((high ?? 0) * 1.15))] } },
        tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1_000), "Etc/UTC"),
        axes: [
          { ...axis, space: (_, _axis, from, to) => (to - from < 240 ? 64 : 42), values: clockMarks },
          { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000] },
        ],
        series: [
          { label: "UTC", value: "{HH}:{mm}:{ss}" },
          { label: used, stroke: paint.used, width: 2, points: { show: false } },
          {
            label: limit,
            stroke: paint.limit,
            width: 2,
            paths: uPlot.paths.stepped({ align: 1 }),
            points: { show: false },
            value: (_, value) => (value === null ? "–" : String(Math.round(value * 10) / 10)),
          },
          {
            label: "429s",
            scale: "refused",
            stroke: paint.refused,
            paths: () => null,
            points: { show: false },
          },
        ],
        hooks: { draw: [markRefusals(account)] },
      },
      dataOf(account, rows),
      place,
    );
    charts.push({ chart, place, account, rows });
  }

  function drawAll() {
    for (const { chart } of charts.splice(0)) chart.destroy();
    for (const section of document.querySelectorAll("[data-account]"))
      for (const place of section.querySelectorAll("[data-chart]")) draw(place, section.dataset.account);
  }

  function take({ nowMs, parts, charts: fresh }) {
    for (const [id, text] of Object.entries(parts)) {
      const place = document.querySelector(`[data-part="${CSS.escape(id)}"]`);
      // An account that was not there when the page was made has no place yet.
      if (!place) return location.reload();
      if (place.innerHTML !== text) place.innerHTML = text;
    }
    const isFirst = history.size === 0;
    for (const [account, rows] of Object.entries(fresh)) {
      const all = [...(history.get(account) ?? []), ...rows];
      history.set(
        account,
        all.filter(([atMs]) => atMs > nowMs - SPAN_S * 1_000),
      );
    }
    if (isFirst) drawAll();
    else if (Object.values(fresh).some(({ length }) => length > 0))
      for (const { chart, account, rows } of charts) chart.setData(dataOf(account, rows));
  }

  async function refresh() {
    const after = Math.max(0, ...[...history.values()].map((rows) => rows.at(-1)?.[0] ?? 0));
    const stale = document.querySelector("#stale");
    try {
      const answer = await fetch(`/overview/live?after=${after}`, {
        headers: { accept: "application/json" },
      });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(String(answer.status));
      take(await answer.json());
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    }
  }

  async function run() {
    // A page that nobody sees asks nothing.
    if (!document.hidden) await refresh();
    setTimeout(run, EVERY_MS);
  }

  document.addEventListener("visibilitychange", () => void (document.hidden || refresh()));
  dark.addEventListener("change", drawAll);
  addEventListener("resize", () => {
    for (const { chart, place } of charts) chart.setSize({ width: place.clientWidth, height: 220 });
  });
  void run();
})();
