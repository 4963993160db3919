/** The matrix picture × provider: only the rows in sight are drawn. */

import { useRef } from "preact/hooks";

import { Badge, Emulated, letter } from "../Badge";
import type { Desk } from "../desk";
import { layoutFor } from "./layout";
import { Line } from "./Line";
import { useSlice, useWidth } from "./window";

function Heads({ desk: { report: { providers }, duo } }: { desk: Desk }) {
  if (duo) {
    const [a, b] = duo;
    return (
      <>
        <div role="columnheader"><span class="sign" aria-hidden="true">◧</span> only {letter(a)} <span class="name">{providers[a]!.name}</span> {providers[a]!.emulated && <Emulated />}</div>
        <div role="columnheader"><span class="sign" aria-hidden="true">■</span> both</div>
        <div role="columnheader"><span class="sign" aria-hidden="true">◨</span> only {letter(b)} <span class="name">{providers[b]!.name}</span> {providers[b]!.emulated && <Emulated />}</div>
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
  const { cards, rowHeight } = layoutFor(useWidth(), report.providers.length, duo);
  const { first, end } = useSlice(list, rowHeight);
  const columns = duo ? 3 : report.providers.length;
  if (places.length === 0) return <p class="empty">No picture fits. Try another label, or a lower threshold.</p>;
  return (
    <div
      role="table" aria-label="What each provider said about each picture" aria-rowcount={places.length + 1}
      class={cards ? "matrix cards" : "matrix"} style={{ "--columns": columns, "--row": `${rowHeight}px` }}
    >
      <div role="rowgroup" class={cards ? "heads unseen" : "heads"}>
        <div role="row" aria-rowindex={1}>
          <div role="columnheader">Picture</div>
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
