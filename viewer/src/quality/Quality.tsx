/** What the providers get right, where there is ground truth: intervals, and no ranking beyond them. */

import { useState } from "preact/hooks";

import { Badge, Named } from "../Badge";
import { count, fraction, percent, whole } from "../numbers";
import type { Difference, Measure, Quality, Report } from "../report";
import { Detections } from "./Detections";
import { Intervals } from "./Intervals";
import { METRICS, placeOf, type Metric } from "./metrics";
import { Pareto } from "./Pareto";
import { Reliability } from "./Reliability";

function verdict({ low, high, ranked, why, more_pictures: more }: Difference): string {
  if (ranked) return "told apart";
  const spansZero = low !== null && high !== null && low <= 0 && high >= 0;
  const reason = (spansZero ? "not told apart" : "not ranked") + (why ? `: ${why}` : "");
  return more === null ? reason : `${reason}; about ${count(more, "more picture")} would probably tell`;
}

const ALL = Object.keys(METRICS) as Metric[];

function signed(value: number | null): string {
  return value === null ? "–" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`;
}

function Differences({ report, quality, metric }: { report: Report; quality: Quality; metric: Metric }) {
  const shown = quality.differences.filter((one) => one.metric === metric);
  if (shown.length === 0) return null;
  return (
    <ul class="differences">
      {shown.map((one) => (
        <li key={`${one.a} ${one.b}`} class={one.ranked ? "ranked" : ""}>
          <Badge provider={placeOf(report, one.a)} name={one.a} /> − <Badge provider={placeOf(report, one.b)} name={one.b} />
          <span class="number">{signed(one.difference)} [{signed(one.low)}, {signed(one.high)}]</span>
          <span class="n">n {whole(one.n)}</span>
          <span>{one.ranked ? "✓" : "≈"} {verdict(one)}</span>
        </li>
      ))}
    </ul>
  );
}

function Estimate({ title, of: { value, low, high, n } }: { title: string; of: Measure }) {
  return (
    <td class="number" data-title={title}>
      <span>
        {fraction(value)}
        {low !== null && high !== null && <span class="muted small"> [{fraction(low)}, {fraction(high)}]</span>}
        {n > 0 && <span class="muted small"> n {whole(n)}</span>}
      </span>
    </td>
  );
}

function Scoreboard({ report, quality }: { report: Report; quality: Quality }) {
  return (
    <table class="stacking">
      <thead>
        <tr>
          <th scope="col">Provider</th>
          {Object.values(METRICS).map((title) => <th key={title} scope="col" class="number">{title}</th>)}
          <th scope="col" class="number">Calibration error</th>
          <th scope="col" class="number">Unknown</th>
        </tr>
      </thead>
      <tbody>
        {quality.providers.map((scores) => (
          <tr key={scores.name}>
            <th scope="row"><Named provider={placeOf(report, scores.name)} of={report.providers} /></th>
            {ALL.map((metric) => <Estimate key={metric} title={METRICS[metric]} of={scores[metric]} />)}
            <Estimate title="Calibration error" of={scores.ece} />
            <td class="number" data-title="Unknown">
              <span>{percent(scores.said ? scores.unknown / scores.said : null)}<span class="muted small"> of {whole(scores.said)}</span></span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Measured({ report, quality }: { report: Report; quality: Quality }) {
  const [metric, setMetric] = useState<Metric>("f1");
  return (
    <>
      <section aria-labelledby="intervals">
        <h2 id="intervals">How good, and how sure of it</h2>
        <div class="segments" role="group" aria-label="Measure of quality">
          {ALL.map((one) => (
            <button key={one} type="button" aria-pressed={one === metric} onClick={() => setMetric(one)}>{METRICS[one]}</button>
          ))}
        </div>
        <Intervals report={report} quality={quality} metric={metric} />
        <Differences report={report} quality={quality} metric={metric} />
      </section>
      <section aria-labelledby="scores">
        <h2 id="scores">All numbers</h2>
        <p class="muted">Unknown: of how much of what was said the ground truth says nothing. It counts as neither right nor wrong.</p>
        <Scoreboard report={report} quality={quality} />
      </section>
      <Reliability report={report} quality={quality} />
      <Detections report={report} quality={quality} />
      <Pareto report={report} quality={quality} />
    </>
  );
}

export function QualityView({ report }: { report: Report }) {
  return (
    <div class="quality">
      <h1>Quality</h1>
      {report.quality === null ? (
        <p class="muted">There is no ground truth in this report. <code>taggers bench</code> reads some, or the judgements made here.</p>
      ) : (
        <>
          <p class="muted">
            Measured against the ground truth of {count(report.quality.pictures, "picture")}, with 95 % intervals. What is not known counts neither way. Where the interval of a difference spans
            zero, the data do not tell the two apart, and nobody should rank them.
          </p>
          <Measured report={report} quality={report.quality} />
        </>
      )}
    </div>
  );
}
