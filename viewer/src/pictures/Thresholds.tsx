/** Sliders for the thresholds, and what becomes of the agreement while they move. */

import { useMemo } from "preact/hooks";

import { Badge, letter } from "../Badge";
import { tally } from "../cells";
import type { Desk } from "../desk";
import { agreements, type Agreement } from "../jaccard";
import { count, figure, whole } from "../numbers";
import { withOwn } from "../thresholds";

function Slider({ label, value, onMove }: { label: string; value: number; onMove: (value: number) => void }) {
  return (
    <input
      type="range" min="0" max="1" step="0.01" aria-label={label} value={value}
      onInput={({ currentTarget }) => onMove(Number(currentTarget.value))}
    />
  );
}

function Own({ desk, provider }: { desk: Desk; provider: number }) {
  const { report, thresholds, limits, setThresholds } = desk;
  const { name } = report.providers[provider]!;
  const set = (value: number | null) => setThresholds(withOwn(thresholds, provider, value));
  const follows = thresholds.own[provider] === null;
  return (
    <li class={follows ? "own follows" : "own"}>
      <Badge provider={provider} /> <span class="name">{name}</span>
      <Slider label={`Threshold of ${name}`} value={limits[provider]!} onMove={set} />
      <span class="number">{limits[provider]!.toFixed(2)}</span>
      <button type="button" class="quiet" disabled={follows} onClick={() => set(null)}>
        {follows ? "follows" : "reset"}<span class="unseen"> {name}</span>
      </button>
    </li>
  );
}

function Pairs({ found }: { found: Agreement[] }) {
  return (
    <ul class="pairs" aria-label="Jaccard of each pair at these thresholds">
      {found.map(({ a, b, jaccard }) => (
        <li key={`${a} ${b}`}>
          <Badge provider={a} /><Badge provider={b} /> {figure(jaccard)}
        </li>
      ))}
    </ul>
  );
}

/** The chosen pair's agreement, or the mean of all. */
function summary(found: Agreement[], duo: Desk["duo"]): string {
  if (duo) {
    const [a, b] = [Math.min(...duo), Math.max(...duo)];
    const pair = found.find((one) => one.a === a && one.b === b)!;
    return `${letter(a)} and ${letter(b)}: Jaccard ${figure(pair.jaccard)}`;
  }
  const known = found.flatMap(({ jaccard: { value } }) => (value === null ? [] : [value]));
  if (known.length === 0) return "nothing to agree on";
  return `Jaccard ${(known.reduce((sum, one) => sum + one) / known.length).toFixed(2)}, mean of ${count(known.length, "pair")}`;
}

export function Thresholds({ desk }: { desk: Desk }) {
  const { report, cells, thresholds, limits, setThresholds, duo } = desk;
  const found = useMemo(() => agreements(cells, limits, report.labels.length), [cells, limits, report]);
  const tags = useMemo(() => tally(cells, limits), [cells, limits]);
  return (
    <div class="thresholds">
      <label class="field">
        <span>Threshold <strong class="number">{thresholds.all.toFixed(2)}</strong></span>
        <Slider label="Threshold of all providers" value={thresholds.all} onMove={(all) => setThresholds({ ...thresholds, all })} />
      </label>
      <output class="tally">
        {whole(tags.kept)} of {whole(tags.all)} tags · {summary(found, duo)}
      </output>
      <details>
        <summary>Each provider’s own threshold, each pair’s agreement</summary>
        <p class="muted">
          A confidence of 0.6 at one vendor is not 0.6 at another. Tags without a confidence always stay.
          Agreement here counts every tag that stays, not only the first {report.k}.
        </p>
        <ul class="owns">{report.providers.map((_, i) => <Own key={i} desk={desk} provider={i} />)}</ul>
        <Pairs found={found} />
      </details>
    </div>
  );
}
