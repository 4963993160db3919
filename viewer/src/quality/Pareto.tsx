/** Cost against quality: who is on the front, so that nobody is both better and cheaper. */

import { hue, letter, Named } from "../Badge";
import { fraction } from "../numbers";
import type { Money, Quality, Report } from "../report";
import { measure, METRICS, placeOf, type Metric } from "./metrics";

const WIDTH = 560;
const HEIGHT = 260;
const EDGE = 44;

interface Point {
  place: number;
  cost: number;
  value: number;
  front: boolean;
}

/** Points can be drawn on one axis only if all costs are in one currency. */
function currency(costs: (Money[] | null)[]): string | null {
  const all = new Set(costs.flatMap((cost) => cost?.map((one) => one.currency) ?? []));
  return all.size === 1 ? [...all][0]! : null;
}

function points(report: Report, quality: Quality, metric: Metric): Point[] {
  return quality.providers.flatMap((scores) => {
    const place = placeOf(report, scores.name);
    const { cost } = report.providers[place]!;
    const value = measure(scores, metric)?.value;
    if (cost === null || value == null) return [];
    const spent = cost.reduce((sum, one) => sum + Number(one.amount), 0);
    return [{ place, cost: spent, value, front: quality.pareto.includes(scores.name) }];
  });
}

function Plot({ shown, unit, metric }: { shown: Point[]; unit: string; metric: Metric }) {
  const most = Math.max(...shown.map((one) => one.cost), 1e-9);
  const x = (cost: number) => EDGE + (cost / most) * (WIDTH - 2 * EDGE);
  const y = (value: number) => HEIGHT - EDGE - value * (HEIGHT - EDGE - 20);
  const front = shown.filter((one) => one.front).toSorted((a, b) => a.cost - b.cost);
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${METRICS[metric]} against cost`}>
      <path class="grid" d={`M${EDGE} 14V${HEIGHT - EDGE}H${WIDTH - 14}`} />
      {[0, 0.5, 1].map((tick) => <text key={tick} class="tick" x={EDGE - 18} y={y(tick) + 4}>{tick}</text>)}
      <text class="tick" x={x(most)} y={HEIGHT - EDGE + 18}>{unit} {most.toPrecision(3)}</text>
      <text class="tick" x={WIDTH / 2} y={HEIGHT - 6}>cost of these pictures → {METRICS[metric]} ↑</text>
      <polyline class="front" points={front.map((one) => `${x(one.cost)},${y(one.value)}`).join(" ")} />
      {shown.map((one) => (
        <g key={one.place} style={{ color: hue(one.place) }}>
          <circle class={one.front ? "" : "hollow"} cx={x(one.cost)} cy={y(one.value)} r="6" />
          <text class={one.cost > most / 2 ? "letter left" : "letter"} x={x(one.cost) + (one.cost > most / 2 ? -11 : 11)} y={y(one.value) + 5}>{letter(one.place)} {fraction(one.value)}</text>
        </g>
      ))}
    </svg>
  );
}

export function Pareto({ report, quality, metric }: { report: Report; quality: Quality; metric: Metric }) {
  const shown = points(report, quality, metric);
  const unit = currency(shown.map((one) => report.providers[one.place]!.cost));
  return (
    <section aria-labelledby="pareto">
      <h2 id="pareto">Cost against quality</h2>
      {unit && shown.length > 1 && <Plot shown={shown} unit={unit} metric={metric} />}
      {quality.pareto.length > 0 && (
        <>
          <p class="muted">On the front, nobody measured here is both better and cheaper:</p>
          <ul class="legend">{quality.pareto.map((name) => <li key={name}><Named provider={placeOf(report, name)} of={report.providers} /></li>)}</ul>
        </>
      )}
      {unit === null && <p class="muted">Prices are in different currencies, or none is known: there is no axis to draw them on.</p>}
    </section>
  );
}
