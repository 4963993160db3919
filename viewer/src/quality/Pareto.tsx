/** Cost against quality, and whom nobody beats in both. */

import { hue, letter, Named } from "../Badge";
import { fraction } from "../numbers";
import type { Quality, Report, Scores } from "../report";
import { placeOf } from "./metrics";

const WIDTH = 380;
const HEIGHT = 220;
const EDGE = 44;

interface Point {
  place: number;
  cost: number;
  value: number;
  front: boolean;
}

/** "1.5 CNY" as a number and its currency. */
function price(text: string): [number, string] {
  const [amount, currency] = text.split(" ");
  return [Number(amount), currency!];
}

/** The one currency of all costs; null where there are several. Nothing is nothing in any. */
function currency(scores: Scores[]): string | null {
  const costs = scores.flatMap((one) => (one.cost_per_1000 === null ? [] : [price(one.cost_per_1000)]));
  const all = new Set(costs.filter(([amount]) => amount > 0).map(([, unit]) => unit));
  return all.size === 1 ? [...all][0]! : null;
}

function points(report: Report, { providers, pareto }: Quality): Point[] {
  return providers.flatMap(({ name, f1, cost_per_1000: cost }) => {
    if (cost === null || f1.value === null) return [];
    return [{ place: placeOf(report, name), cost: price(cost)[0], value: f1.value, front: pareto.includes(name) }];
  });
}

function Plot({ shown, unit }: { shown: Point[]; unit: string }) {
  const most = Math.max(...shown.map((one) => one.cost), 1e-9);
  const x = (cost: number) => EDGE + (cost / most) * (WIDTH - 2 * EDGE);
  const y = (value: number) => HEIGHT - EDGE - value * (HEIGHT - EDGE - 20);
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label="F1 against cost">
      <path class="grid" d={`M${EDGE} 14V${HEIGHT - EDGE}H${WIDTH - 14}`} />
      {[0, 0.5, 1].map((tick) => <text key={tick} class="tick" x={EDGE - 18} y={y(tick) + 4}>{tick}</text>)}
      <text class="tick" x={x(most)} y={HEIGHT - EDGE + 18}>{unit} {most.toPrecision(3)}</text>
      <text class="tick" x={WIDTH / 2} y={HEIGHT - 6}>cost of 1,000 pictures → F1 ↑</text>
      {shown.map((one) => (
        <g key={one.place} style={{ color: hue(one.place) }}>
          <circle class={one.front ? "" : "hollow"} cx={x(one.cost)} cy={y(one.value)} r="6" />
          <text class={one.cost > most / 2 ? "letter left" : "letter"} x={x(one.cost) + (one.cost > most / 2 ? -11 : 11)} y={y(one.value) + 5}>{letter(one.place)} {fraction(one.value)}</text>
        </g>
      ))}
    </svg>
  );
}

export function Pareto({ report, quality }: { report: Report; quality: Quality }) {
  const shown = points(report, quality);
  const unit = currency(quality.providers);
  return (
    <section aria-labelledby="pareto">
      <h2 id="pareto">Cost against quality</h2>
      {unit && shown.length > 1 && <Plot shown={shown} unit={unit} />}
      {quality.pareto.length > 0 && (
        <>
          <p class="muted">Filled, and named here, are those whom nobody beats: no other costs no more and is better beyond chance.</p>
          <ul class="legend">{quality.pareto.map((name) => <li key={name}><Named provider={placeOf(report, name)} of={report.providers} /></li>)}</ul>
        </>
      )}
      {unit === null && <p class="muted">Prices are in different currencies, or none is known: there is no axis to draw them on.</p>}
    </section>
  );
}
