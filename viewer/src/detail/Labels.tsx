/** Who says which label of a picture, how surely, and why spellings count as one. */

import { Badge } from "../Badge";
import { answers, voices, type Cell } from "../cells";
import type { Desk, Duo } from "../desk";
import { fraction, whole } from "../numbers";
import { isAnswer, type Label, type Picture, type Report, type Tag } from "../report";
import { language, otherNames } from "../text";

function standing(speakers: number[], duo: Duo, of: number): string {
  if (!duo) return `${speakers.length} of ${of}`;
  const [a, b] = duo.map((one) => speakers.includes(one));
  return a && b ? "■ both" : a ? "◧ only" : b ? "◨ only" : "";
}

function tagOf(picture: Picture, provider: number, label: number): Tag | undefined {
  const said = picture.said[provider] ?? null;
  if (!isAnswer(said)) return undefined;
  const same = said.tags.filter((tag) => tag.label === label);
  return same.toSorted((a, b) => (b.confidence ?? 1) - (a.confidence ?? 1))[0];
}

function Confidence({ tag, counts }: { tag: Tag | undefined; counts: boolean }) {
  if (!tag) return <td class="number muted" />;
  const sure = tag.confidence === null ? "said" : fraction(tag.confidence);
  return (
    <td class={`number ${counts ? "" : "below"}`} title={`“${tag.text}”${counts ? "" : ", below the threshold"}`}>
      {counts ? sure : <s>{sure}</s>}
      {tag.boxes.length > 0 && <span class="muted boxed" title={`${tag.boxes.length} boxes`}> ▢{tag.boxes.length > 1 && tag.boxes.length}</span>}
    </td>
  );
}

function Why({ label }: { label: Label }) {
  return (
    <details class="why">
      <summary>why<span class="unseen"> these spellings of {label.id} count as one</span></summary>
      <ul>
        {label.links.map(({ step, left, right }, i) => (
          <li key={i}><span class="step">{step}</span> <span lang={language(left)}>{left}</span> = <span lang={language(right)}>{right}</span></li>
        ))}
      </ul>
      <ul class="muted">
        {label.spellings.map(({ text, provider, count }, i) => (
          <li key={i}>“<span lang={language(text)}>{text}</span>” by {provider}, {whole(count)}×</li>
        ))}
      </ul>
    </details>
  );
}

function Name({ label, lit, onLight }: { label: Label; lit: boolean; onLight: () => void }) {
  const others = otherNames(label);
  return (
    <th scope="row">
      <button type="button" class="label" aria-pressed={lit} onClick={onLight} title="Show this label’s boxes alone">
        <span lang={language(label.id)}>{label.id}</span>
      </button>
      {others.map((name) => <span key={name} class="muted other" lang={language(name)}> {name}</span>)}
      {label.links.length > 0 && <Why label={label} />}
    </th>
  );
}

/** All labels of the picture, those that most say first. */
function listed(row: (Cell | null)[], said: Map<number, number[]>): number[] {
  const all = voices(row, row.map(() => 0));
  const weight = (label: number) => (said.get(label)?.length ?? 0) * 100 + all.get(label)!.length;
  return [...all.keys()].toSorted((a, b) => weight(b) - weight(a));
}

function Heads({ report }: { report: Report }) {
  return (
    <thead>
      <tr>
        <th scope="col">Label</th>
        <th scope="col">Said by</th>
        {report.providers.map((one, i) => (
          <th key={i} scope="col" class="number"><Badge provider={i} name={one.name} /><span class="unseen">{one.name}</span></th>
        ))}
      </tr>
    </thead>
  );
}

export function Labels({ desk, place, lit, setLit }: { desk: Desk; place: number; lit: number | null; setLit: (label: number | null) => void }) {
  const { report, cells, limits, duo } = desk;
  const [picture, row] = [report.pictures[place]!, cells[place]!];
  const said = voices(row, limits);
  const of = answers(row);
  const labels = listed(row, said);
  if (labels.length === 0) return <p class="muted">No tags.</p>;
  return (
    <table class="labels">
      <caption>{whole(said.size)} of {whole(labels.length)} labels at these thresholds</caption>
      <Heads report={report} />
      <tbody>
        {labels.map((label) => {
          const speakers = said.get(label) ?? [];
          return (
            <tr key={label} class={speakers.length ? "" : "gone"}>
              <Name label={report.labels[label]!} lit={lit === label} onLight={() => setLit(lit === label ? null : label)} />
              <td class="standing">{standing(speakers, duo, of)}</td>
              {report.providers.map((_, i) => <Confidence key={i} tag={tagOf(picture, i, label)} counts={speakers.includes(i)} />)}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}
