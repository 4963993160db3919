/** Each provider's measure as a point in its interval. */

import { hue, letter } from "../Badge";
import { fraction } from "../numbers";
import type { Measure, Quality, Report } from "../report";
import { METRICS, placeOf, type Metric } from "./metrics";

const ROW = 34;
const LEFT = 28;
const WIDTH = 380;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

function x(value: number): number {
  return LEFT + value * (WIDTH - LEFT - 60);
}

function Interval({ value: { value, low, high }, place, top }: { value: Measure; place: number; top: number }) {
  if (value === null) return null;
  return (
    <g style={{ color: hue(place) }}>
      {low !== null && high !== null && <path class="whisker" d={`M${x(low)} ${top}H${x(high)}M${x(low)} ${top - 6}v12M${x(high)} ${top - 6}v12`} />}
      <circle cx={x(value)} cy={top} r="5" />
      <text class="letter" x="4" y={top + 5}>{letter(place)}</text>
      <text x={x(high ?? value) + 10} y={top + 5}>{fraction(value)}</text>
    </g>
  );
}

export function Intervals({ report, quality, metric }: { report: Report; quality: Quality; metric: Metric }) {
  const height = quality.providers.length * ROW + 30;
  return (
    <svg class="chart" viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={`${METRICS[metric]} of each provider with its interval; the table below has the numbers`}>
      {TICKS.map((tick) => (
        <g key={tick}>
          <path class="grid" d={`M${x(tick)} 4V${height - 22}`} />
          <text class="tick" x={x(tick)} y={height - 6}>{tick}</text>
        </g>
      ))}
      {quality.providers.map((scores, i) => (
        <Interval key={scores.name} value={scores[metric]} place={placeOf(report, scores.name)} top={i * ROW + 20} />
      ))}
    </svg>
  );
}
