// A live plot of the last two minutes.
import uPlot from "uplot";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../html.js";
import { dark } from "../theme.js";
import { span } from "../latency.js";

const height = 140;

// least is how many seconds are shown at the beginning.
const least = 30;

// Plot draws rows, [times, …values], of which lines says [{label, color, dash,
// fill}]: color is a class. write writes a value. legend has what is true at
// this moment: [{label, value, color, dash}]. With log each line of the grid is
// ten times the one below it.
export function Plot({ title, note, lines, rows, legend, write, log }) {
  const at = useRef();
  const plot = useRef();
  useEffect(() => {
    const make = () => {
      plot.current?.destroy();
      plot.current = new uPlot(options(at.current, lines, write, log), rows, at.current);
    };
    make();
    const watch = new ResizeObserver(() => plot.current.setSize({ width: at.current.clientWidth, height }));
    watch.observe(at.current);
    return () => {
      watch.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [dark.value, lines]);
  useEffect(() => plot.current?.setData(rows), [rows]);
  return html`<figure class="panel plot">
    <figcaption><h2>${title}</h2><span class="note">${note}</span>
      <ul class="legend">${legend.map((l) => html`<li key=${l.label}><i class=${"line " + (l.color || "none") + (l.dash ? " dash" : "")}></i>${l.label} <b>${l.value}</b></li>`)}</ul>
    </figcaption>
    <div ref=${at} class="canvas" style=${{ height: height + "px" }} aria-hidden="true"></div>
  </figure>`;
}

function options(at, lines, write, log) {
  const ink = colorOf(at, "c-axis");
  const grid = { stroke: colorOf(at, "c-grid"), width: 1 };
  const axis = { stroke: ink, font: "11px system-ui, sans-serif", grid, ticks: { show: false } };
  return {
    width: at.clientWidth,
    height,
    padding: [6, 18, 0, 0],
    cursor: { y: false, points: { size: 5 }, drag: { x: false, y: false } },
    legend: { show: false },
    scales: {
      x: { time: false, range: (u, first) => [Math.min(-least, Math.max(-span, first ?? 0)), 0] },
      y: log ? { distr: 3, range: decades } : { range: (u, low, high) => [0, high > 0 ? high * 1.15 : 1] },
    },
    axes: [
      { ...axis, size: 24, gap: 6, space: 70, values: (u, ticks) => ticks.map((t) => (t === 0 ? "now" : t + " s")) },
      { ...axis, splits: log && powers, size: 56, gap: 4, space: 34, filter: (u, ticks) => ticks, values: (u, ticks) => ticks.map(write) },
    ],
    series: [
      {},
      ...lines.map((l) => {
        const stroke = colorOf(at, l.color);
        return {
          label: l.label, stroke, width: 1.5, dash: l.dash ? [4, 3] : undefined, spanGaps: false, points: { show: false },
          fill: l.fill ? stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.12)") : undefined,
        };
      }),
    ],
  };
}

// decades returns whole powers of ten around what is shown.
const decades = (u, low, high) => {
  if (!(low > 0)) return [0.1, 10];
  const from = Math.floor(Math.log10(low));
  return [10 ** from, 10 ** Math.max(from + 1, Math.ceil(Math.log10(high)))];
};

// powers are the lines of the grid then.
const powers = (u, axis, low, high) => {
  const lines = [];
  for (let p = Math.round(Math.log10(low)); p <= Math.round(Math.log10(high)); p++) lines.push(10 ** p);
  return lines;
};

// colorOf resolves a class's color: a canvas knows nothing of style sheets.
function colorOf(at, name) {
  const probe = document.createElement("i");
  probe.className = name;
  at.append(probe);
  const color = getComputedStyle(probe).color;
  probe.remove();
  return color;
}
