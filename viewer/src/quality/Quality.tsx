/** What the providers get right, where there is ground truth: intervals, and no ranking beyond them. */

import { useState } from "preact/hooks";

import { Badge, Emulated } from "../Badge";
import { fraction, whole } from "../numbers";
import type { Difference, Quality, Report, Scores } from "../report";
import { Intervals } from "./Intervals";
import { measure, METRICS, placeOf, type Metric } from "./metrics";
import { Pareto } from "./Pareto";
import { Reliability } from "./Reliability";

function verdict({ ranked, more_pictures: more }: Difference): string {
  if (ranked) return "told apart";
  return more === null ? "not told apart" : `not told apart: about ${whole(more)} more pictures might`;
}

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
          <span>{one.ranked ? "✓" : "≈"} {verdict(one)}</span>
        </li>
      ))}
    </ul>
  );
}

function Row({ report, scores, metrics }: { report: Report; scores: Scores; metrics: Metric[] }) {
  return (
    <tr>
      <th scope="row"><Badge provider={placeOf(report, scores.name)} /> {scores.name} {scores.emulated && <Emulated />}</th>
      {metrics.map((metric) => {
        const value = measure(scores, metric);
        return (
          <td key={metric} class="number" data-title={METRICS[metric]}>
            <span>
              {fraction(value?.value)}
              {value && value.low !== null && <span class="muted small"> [{fraction(value.low)}, {fraction(value.high)}]</span>}
              {value && value.n > 0 && <span class="muted small"> n {whole(value.n)}</span>}
            </span>
          </td>
        );
      })}
    </tr>
  );
}

function Scoreboard({ report, quality, metrics }: { report: Report; quality: Quality; metrics: Metric[] }) {
  return (
    <table class="stacking">
      <thead>
        <tr>
          <th scope="col">Provider</th>
          {metrics.map((metric) => <th key={metric} scope="col" class="number">{METRICS[metric]}</th>)}
        </tr>
      </thead>
      <tbody>{quality.providers.map((scores) => <Row key={scores.name} report={report} scores={scores} metrics={metrics} />)}</tbody>
    </table>
  );
}

function Measured({ report, quality }: { report: Report; quality: Quality }) {
  const metrics = (Object.keys(METRICS) as Metric[]).filter((metric) => quality.providers.some((one) => measure(one, metric)));
  const intervals = metrics.filter((metric) => metric !== "ece");
  const [metric, setMetric] = useState<Metric>(intervals.includes("f1") ? "f1" : (intervals[0] ?? "f1"));
  return (
    <>
      <section aria-labelledby="intervals">
        <h2 id="intervals">How good, and how sure of it</h2>
        <div class="segments" role="group" aria-label="Measure of quality">
          {intervals.map((one) => (
            <button key={one} type="button" aria-pressed={one === metric} onClick={() => setMetric(one)}>{METRICS[one]}</button>
          ))}
        </div>
        <Intervals report={report} quality={quality} metric={metric} />
        <Differences report={report} quality={quality} metric={metric} />
      </section>
      <section aria-labelledby="scores">
        <h2 id="scores">All numbers</h2>
        <Scoreboard report={report} quality={quality} metrics={metrics} />
      </section>
      <Reliability report={report} quality={quality} />
      <Pareto report={report} quality={quality} metric={metric} />
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
            Measured against ground truth, with 95 % intervals. Where the interval of a difference spans
            zero, the data do not tell the two apart, and nobody should rank them.
          </p>
          <Measured report={report} quality={report.quality} />
        </>
      )}
    </div>
  );
}
