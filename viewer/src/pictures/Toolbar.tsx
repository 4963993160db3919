/** Search, order, and which providers stand side by side. */

import { letter } from "../Badge";
import type { Desk, Duo } from "../desk";
import type { Provider } from "../report";
import { SORTS, type Sort } from "./order";

type Choice = { providers: Provider[]; value: number | null; without?: number; onChoose: (value: number | null) => void; label: string };

function Choose({ providers, value, without, onChoose, label }: Choice) {
  return (
    <select
      aria-label={label}
      value={value ?? ""}
      onChange={({ currentTarget: { value: chosen } }) => onChoose(chosen === "" ? null : Number(chosen))}
    >
      {without === undefined && <option value="">all providers</option>}
      {providers.map((one, i) => i !== without && <option key={i} value={i}>{letter(i)} {one.name}</option>)}
    </select>
  );
}

function Two({ desk: { report, duo, setDuo } }: { desk: Desk }) {
  const { providers } = report;
  const first = (a: number | null): Duo => (a === null ? null : [a, duo && duo[1] !== a ? duo[1] : a === 0 ? 1 : 0]);
  return (
    <div class="field">
      <span>Compare</span>
      <span class="row">
        <Choose label="Compare" providers={providers} value={duo && duo[0]} onChoose={(a) => setDuo(first(a))} />
        {duo && <span>with</span>}
        {duo && <Choose label="with" providers={providers} value={duo[1]} without={duo[0]} onChoose={(b) => setDuo([duo[0], b!])} />}
      </span>
    </div>
  );
}

export function Toolbar({ desk, query, setQuery, sort, setSort }: {
  desk: Desk;
  query: string;
  setQuery: (query: string) => void;
  sort: Sort;
  setSort: (sort: Sort) => void;
}) {
  return (
    <div class="toolbar" role="search">
      <label class="field wide">
        <span>Find a label or a file</span>
        <input type="search" value={query} placeholder="cat, 猫, cat.jpg" onInput={({ currentTarget }) => setQuery(currentTarget.value)} />
      </label>
      <label class="field">
        <span>Order</span>
        <select value={sort} onChange={({ currentTarget }) => setSort(currentTarget.value as Sort)}>
          {Object.entries(SORTS).map(([key, title]) => <option key={key} value={key}>{title}</option>)}
        </select>
      </label>
      {desk.report.providers.length > 1 && <Two desk={desk} />}
    </div>
  );
}
