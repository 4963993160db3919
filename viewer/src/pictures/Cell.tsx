/** What one provider said about one picture, and what two have in common. */

import { Badge } from "../Badge";
import { kept, type Cell } from "../cells";
import { count, fraction } from "../numbers";
import { isAnswer, isFailed, type Label, type Picture, type Report, type Said } from "../report";
import { Chip, type Side } from "./Chip";

/** More never fit. */
const SHOWN = 12;

function Missing({ said }: { said: Said }) {
  if (isFailed(said)) {
    const { kind, message } = said.error;
    return <span class="fault" title={message}>⚠ {kind}<span class="muted"> {message}</span></span>;
  }
  return <span class="muted">not asked</span>;
}

/** The words that a provider itself uses, by label. */
function words(said: Said): Map<number, string> {
  return new Map(isAnswer(said) ? said.tags.toReversed().map((tag) => [tag.label, tag.text]) : []);
}

function described(label: Label, confidence: number | undefined): string {
  const names = [label.id, ...Object.values(label.names)];
  const sure = confidence === undefined || confidence === Infinity ? "" : ` · ${fraction(confidence)}`;
  return [...new Set(names)].join(" · ") + sure;
}

export interface Row {
  report: Report;
  picture: Picture;
  cells: (Cell | null)[];
  limits: number[];
  voices: Map<number, number[]>;
  hits: Set<number> | null;
}

/** The labels to show, those that are searched for first. */
function first(labels: number[], hits: Set<number> | null): number[] {
  if (hits === null) return labels.slice(0, SHOWN);
  return labels.toSorted((a, b) => Number(hits.has(b)) - Number(hits.has(a))).slice(0, SHOWN);
}

export function Column({ row, provider, of }: { row: Row; provider: number; of: number }) {
  const { report, picture, cells, limits, voices, hits } = row;
  const [said, cell] = [picture.said[provider] ?? null, cells[provider]];
  const badge = <Badge provider={provider} name={report.providers[provider]!.name} />;
  if (!cell) return <div role="cell" class="cell">{badge}<Missing said={said} /></div>;
  const text = words(said);
  const n = kept(cell, limits[provider]!);
  const labels = [...cell.labels.subarray(0, n)];
  const sure = new Map(labels.map((label, i) => [label, cell.confidences[i]]));
  return (
    <div role="cell" class="cell">
      {badge}
      <span class="tags">{count(n, "tag")}</span>
      <ul class="chips">
        {first(labels, hits).map((label) => (
          <Chip key={label} text={text.get(label)!} title={described(report.labels[label]!, sure.get(label))}
            said={voices.get(label)!.length} of={of} hit={hits?.has(label) ?? false} />
        ))}
      </ul>
    </div>
  );
}

function speakersOf(side: Side, [a, b]: readonly [number, number]): number[] {
  return side === "first" ? [a] : side === "second" ? [b] : [a, b];
}

/** The labels of one side; `voices` holds the two providers alone. */
function sideOf(speakers: number[], [a]: readonly [number, number]): Side {
  return speakers.length === 2 ? "both" : speakers[0] === a ? "first" : "second";
}

export function Group({ row, side, duo }: { row: Row; side: Side; duo: readonly [number, number] }) {
  const { report, picture, cells, voices, hits } = row;
  const speakers = speakersOf(side, duo);
  const silent = speakers.find((one) => !cells[one]);
  const badges = speakers.map((one) => <Badge key={one} provider={one} name={report.providers[one]!.name} />);
  if (silent !== undefined) {
    const said = picture.said[silent] ?? null;
    return <div role="cell" class="cell">{badges}{side === "both" ? <span class="muted">nothing to compare</span> : <Missing said={said} />}</div>;
  }
  // With one of the two silent, nothing is said by the other "only".
  const compared = duo.every((one) => cells[one]);
  const labels = [...voices.keys()].filter((label) => sideOf(voices.get(label)!, duo) === side);
  return (
    <div role="cell" class="cell">
      {badges}
      <span class="tags">{compared ? count(labels.length, "tag") : `${count(labels.length, "tag")}, not compared`}</span>
      <ul class="chips">
        {first(labels, hits).map((label) => (
          <Chip key={label} text={report.labels[label]!.id} title={described(report.labels[label]!, undefined)}
            side={compared ? side : "none"} hit={hits?.has(label) ?? false} />
        ))}
      </ul>
    </div>
  );
}
