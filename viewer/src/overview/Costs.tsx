/** What each provider says, takes and costs, as a table. */

import { Named } from "../Badge";
import { count, money, perThousand, seconds, whole } from "../numbers";
import type { Provider, Report } from "../report";

function Latency({ provider, longest }: { provider: Provider; longest: number }) {
  const { latency_p50_s: p50, latency_p95_s: p95 } = provider;
  if (p50 === null) return <td class="number" data-title="Latency">–</td>;
  const share = (value: number) => `${(value / longest) * 100}%`;
  return (
    <td class="number latency" data-title="Latency p50 / p95">
      <span>{seconds(p50)} <span class="muted">/ {seconds(p95)}</span></span>
      <span class="bar" aria-hidden="true">
        <span class="tail" style={{ width: share(p95 ?? p50) }} />
        <span class="half" style={{ width: share(p50) }} />
      </span>
    </td>
  );
}

function Price({ provider }: { provider: Provider }) {
  const { cost, maybe_billed: maybe } = provider;
  const rate = perThousand(provider)
    .filter(({ amount }) => amount > 0)
    .map(({ currency, amount }) => `${currency} ${amount.toFixed(2)}`)
    .join(" + ");
  return (
    <td class="number" data-title="Cost">
      <span>
        <span class={cost === null ? "muted" : ""}>{money(cost)}</span>
        {rate && <span class="muted small"> {rate} per 1,000 pictures</span>}
        {!!maybe && <span class="muted small"> and perhaps {count(maybe, "failed call")}</span>}
      </span>
    </td>
  );
}

function Answered({ provider: { answered, failed, cached } }: { provider: Provider }) {
  return (
    <td class="number" data-title="Answered">
      <span>
        {whole(answered)} <span class="muted">of {whole(answered + failed)}</span>
        {cached > 0 && <span class="muted small"> {whole(cached)} from the cache</span>}
      </span>
    </td>
  );
}

export function Costs({ report: { providers } }: { report: Report }) {
  const longest = Math.max(...providers.map((one) => one.latency_p95_s ?? one.latency_p50_s ?? 0), 1e-9);
  return (
    <section aria-labelledby="costs">
      <h2 id="costs">What each says, takes and costs</h2>
      <table class="costs stacking">
        <thead>
          <tr>
            <th scope="col">Provider</th>
            <th scope="col" class="number">Answered</th>
            <th scope="col" class="number">Tags a picture</th>
            <th scope="col" class="number">Vocabulary</th>
            <th scope="col" class="number">Latency p50 / p95</th>
            <th scope="col" class="number">Billable units</th>
            <th scope="col" class="number">Cost</th>
          </tr>
        </thead>
        <tbody>
          {providers.map((one, i) => (
            <tr key={i}>
              <th scope="row"><Named provider={i} of={providers} /></th>
              <Answered provider={one} />
              <td class="number" data-title="Tags a picture">{one.tags_per_picture?.toFixed(1) ?? "–"}</td>
              <td class="number" data-title="Vocabulary">{whole(one.vocabulary)}</td>
              <Latency provider={one} longest={longest} />
              <td class="number" data-title="Billable units">{whole(one.billable_units)}</td>
              <Price provider={one} />
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
