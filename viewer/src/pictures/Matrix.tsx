/** The matrix picture × provider: only the rows in sight are drawn. */

import { useRef } from "preact/hooks";

import { Badge, Emulated, hue } from "../Badge";
import type { Desk, Duo } from "../desk";
import type { Provider } from "../report";
import { layoutFor } from "./layout";
import { Line } from "./Line";
import { useSlice, useWidth } from "./window";

function Only({ sign, provider, of }: { sign: string; provider: number; of: Provider[] }) {
  const { name, emulated } = of[provider]!;
  return (
    <div role="columnheader">
      <span class="sign" aria-hidden="true">{sign}</span> only <Badge provider={provider} /> <span class="name">{name}</span> {emulated && <Emulated />}
    </div>
  );
}

function Heads({ desk: { report: { providers }, duo } }: { desk: Desk }) {
  if (duo) {
    const [a, b] = duo;
    return (
      <>
        <Only sign="◧" provider={a} of={providers} />
        <div role="columnheader"><span class="sign" aria-hidden="true">■</span> both</div>
        <Only sign="◨" provider={b} of={providers} />
      </>
    );
  }
  return (
    <>
      {providers.map((one, i) => (
        <div key={i} role="columnheader"><Badge provider={i} /> <span class="name">{one.name}</span> {one.emulated && <Emulated />}</div>
      ))}
    </>
  );
}

/** The two take their own colours along. */
function sides(duo: Duo) {
  return duo ? { "--first-line": hue(duo[0]), "--second-line": hue(duo[1]) } : {};
}

/** Arrow keys go from picture to picture. */
function step(event: KeyboardEvent): void {
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const at = (event.target as HTMLElement).dataset["index"];
  if (!move || at === undefined) return;
  const list = event.currentTarget as HTMLElement;
  const next = list.querySelector<HTMLElement>(`[data-index="${Number(at) + move}"]`);
  if (next === null) return;
  event.preventDefault();
  next.focus();
}

export function Matrix({ desk, places, hits }: { desk: Desk; places: number[]; hits: Set<number> | null }) {
  const { report, cells, limits, duo } = desk;
  const list = useRef<HTMLDivElement>(null);
  const { cards, rowHeight, lines } = layoutFor(useWidth(), report.providers.length, duo);
  const { first, end } = useSlice(list, rowHeight);
  const columns = duo ? 3 : report.providers.length;
  if (places.length === 0) return <p class="empty">No picture fits. Try another label, or a lower threshold.</p>;
  return (
    <div
      role="table" aria-label="What each provider said about each picture" aria-rowcount={places.length + 1}
      class={cards ? "matrix cards" : "matrix"} style={{ "--columns": columns, "--row": `${rowHeight}px`, "--lines": lines, ...sides(duo) }}
    >
      <div role="rowgroup" class={cards ? "heads unseen" : "heads"}>
        <div role="row" aria-rowindex={1}>
          <div role="columnheader">Picture <span class="muted">and disagreement</span></div>
          <Heads desk={desk} />
        </div>
      </div>
      <div role="rowgroup" class="lines" ref={list} style={{ height: `${places.length * rowHeight}px` }} onKeyDown={step}>
        {places.slice(first, end).map((place, i) => (
          <Line
            key={place} place={place} index={first + i} top={(first + i) * rowHeight}
            report={report} picture={report.pictures[place]!} cells={cells[place]!}
            limits={limits} hits={hits} duo={duo}
          />
        ))}
      </div>
    </div>
  );
}
