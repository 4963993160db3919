/** How often a tag of some confidence is right: on the diagonal, confidence means what it says. */

import { dash, hue, letter, Named } from "../Badge";
import { fraction, whole } from "../numbers";
import type { Bin, Quality, Report } from "../report";
import { placeOf } from "./metrics";

const SIZE = 320;
const EDGE = 36;

function x(value: number): number {
  return EDGE + value * (SIZE - EDGE - 16);
}

function y(value: number): number {
  return SIZE - x(value);
}

function Curve({ bins, place }: { bins: Bin[]; place: number }) {
  const last = bins.at(-1);
  if (!last) return null;
  const points = bins.map((bin) => `${x(bin.confidence)},${y(bin.precision)}`).join(" ");
  return (
    <g style={{ color: hue(place) }}>
      <polyline points={points} style={{ strokeDasharray: dash(place) }} />
      {bins.map((bin, i) => (
        <circle key={i} cx={x(bin.confidence)} cy={y(bin.precision)} r={Math.min(7, 2 + Math.sqrt(bin.n) / 6)}>
          <title>confidence {fraction(bin.confidence)}, right {fraction(bin.precision)}, n {whole(bin.n)}</title>
        </circle>
      ))}
      <text class="letter" x={x(last.confidence) + 6} y={y(last.precision) + 4}>{letter(place)}</text>
    </g>
  );
}

function Numbers({ name, bins }: { name: string; bins: Bin[] }) {
  return (
    <tr>
      <th scope="row">{name}</th>
      {bins.map((bin, i) => <td key={i}>confidence {fraction(bin.confidence)}: right {fraction(bin.precision)}, n {whole(bin.n)}</td>)}
    </tr>
  );
}

export function Reliability({ report, quality: { reliability } }: { report: Report; quality: Quality }) {
  if (reliability.length === 0) return null;
  return (
    <section aria-labelledby="reliability">
      <h2 id="reliability">Does confidence mean what it says?</h2>
      <p class="muted">Of the tags with some confidence, the share that is right. On the diagonal the two are the same; below it a provider is surer than it should be. Larger points stand on more tags.</p>
      <div class="plot">
        <svg class="chart square" viewBox={`0 0 ${SIZE} ${SIZE}`} role="img" aria-label="Reliability curves">
          <path class="grid" d={`M${x(0)} ${y(0)}H${x(1)}V${y(1)}H${x(0)}Z`} />
          <path class="grid diagonal" d={`M${x(0)} ${y(0)}L${x(1)} ${y(1)}`} />
          {[0, 0.5, 1].map((tick) => (
            <g key={tick}>
              <text class="tick" x={x(tick)} y={SIZE - 17}>{tick}</text>
              <text class="tick" x={EDGE - 14} y={y(tick) + 4}>{tick}</text>
            </g>
          ))}
          <text class="tick" x={SIZE / 2} y={SIZE - 3}>confidence → share that is right ↑</text>
          {reliability.map(({ name, bins }) => <Curve key={name} bins={bins} place={placeOf(report, name)} />)}
        </svg>
        <ul class="legend">{reliability.map(({ name }) => <li key={name}><Named provider={placeOf(report, name)} of={report.providers} /></li>)}</ul>
      </div>
      <div class="unseen"><table><caption>Reliability in numbers</caption><tbody>{reliability.map((one) => <Numbers key={one.name} {...one} />)}</tbody></table></div>
    </section>
  );
}
