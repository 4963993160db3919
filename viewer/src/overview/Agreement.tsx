/** The pairwise heat map. */

import { useState } from "preact/hooks";

import { Badge, letter } from "../Badge";
import type { Desk } from "../desk";
import { fraction, whole } from "../numbers";
import type { Figure, Pair, Provider, Report } from "../report";
import { go } from "../route";

type Metric = "jaccard" | "overlap" | "rbo" | "boxes";

const NAMES: Record<Metric, string> = {
  jaccard: "Jaccard",
  overlap: "Overlap",
  rbo: "Rank-biased overlap",
  boxes: "Boxes (IoU)",
};

function meaning(metric: Metric, k: number): string {
  switch (metric) {
    case "jaccard":
      return `Of all the tags two providers put among their first ${k}, the share that both name. 1: the same tags; 0: none in common.`;
    case "overlap":
      return `How much of the shorter list of first ${k} tags stands in the longer one. Kinder than Jaccard to a provider that says little.`;
    case "rbo":
      return "Agreement of the rankings: what stands first weighs most, ties are ties. 1: the same order; 0: nothing in common.";
    case "boxes":
      return "How well matched boxes cover each other, intersection over union; n is the matched boxes.";
  }
}

function pairOf(report: Report, a: number, b: number): Pair | undefined {
  return report.agreement.pairs.find((pair) => (pair.a === a && pair.b === b) || (pair.a === b && pair.b === a));
}

function described(figure: Figure, a: Provider, b: Provider): string {
  return `${a.name} and ${b.name}: ${fraction(figure.value)}, n = ${figure.n}. Show their pictures side by side`;
}

function Heat({ desk, a, b, metric }: { desk: Desk; a: number; b: number; metric: Metric }) {
  const { providers } = desk.report;
  if (a === b) return <td class="self" aria-label="the same provider" />;
  const figure = pairOf(desk.report, a, b)?.[metric] ?? null;
  if (figure === null || figure.value === null) return <td class="none">–</td>;
  const show = () => {
    desk.setDuo([Math.min(a, b), Math.max(a, b)]);
    go("pictures");
  };
  return (
    <td>
      <button type="button" class="heat" style={{ "--heat": `${figure.value * 100}%` }} onClick={show} aria-label={described(figure, providers[a]!, providers[b]!)}>
        <span class="value">{fraction(figure.value)}</span> <span class="n">n {whole(figure.n)}</span>
      </button>
    </td>
  );
}

function HeatMap({ desk, metric }: { desk: Desk; metric: Metric }) {
  const { providers } = desk.report;
  return (
    <table class="heatmap">
      <caption class="unseen">{NAMES[metric]} of each pair of providers</caption>
      <thead>
        <tr>
          <td />
          {providers.map((one, b) => <th key={b} scope="col"><Badge provider={b} name={one.name} /><span class="unseen">{one.name}</span></th>)}
        </tr>
      </thead>
      <tbody>
        {providers.map((one, a) => (
          <tr key={a}>
            <th scope="row"><Badge provider={a} /> <span class="name">{one.name}</span></th>
            {providers.map((_, b) => <Heat key={b} desk={desk} a={a} b={b} metric={metric} />)}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Unmatched({ pairs }: { pairs: Pair[] }) {
  return (
    <ul class="muted unmatched">
      {pairs.map(({ a, b, boxes }) => boxes && (
        <li key={`${a} ${b}`}>
          {letter(a)} and {letter(b)}: {whole(boxes.n)} matched, {whole(boxes.only_a)} only in {letter(a)}, {whole(boxes.only_b)} only in {letter(b)}
        </li>
      ))}
    </ul>
  );
}

export function Agreement({ desk }: { desk: Desk }) {
  const [metric, setMetric] = useState<Metric>("jaccard");
  const { pairs } = desk.report.agreement;
  const boxed = pairs.some((pair) => pair.boxes !== null);
  const metrics = (Object.keys(NAMES) as Metric[]).filter((one) => one !== "boxes" || boxed);
  return (
    <section aria-labelledby="agreement">
      <div class="about">
        <h2 id="agreement">Where they agree</h2>
        <div class="segments" role="group" aria-label="Measure of agreement">
          {metrics.map((one) => (
            <button key={one} type="button" aria-pressed={one === metric} onClick={() => setMetric(one)}>{NAMES[one]}</button>
          ))}
        </div>
        <p role="status">{meaning(metric, desk.report.k)}</p>
        {metric === "boxes" && <Unmatched pairs={pairs} />}
        <p class="muted">The stronger the colour, the more alike two providers are. Choose a field to see their tags side by side.</p>
      </div>
      <HeatMap desk={desk} metric={metric} />
    </section>
  );
}
