/** The picture with the boxes of each provider drawn over it. */

import { useState } from "preact/hooks";

import { Badge, dash, hue, letter } from "../Badge";
import { isAnswer, type Box, type Picture, type Report } from "../report";
import { language } from "../text";
import { Thumbnail } from "../Thumbnail";

interface Drawn {
  box: Box;
  provider: number;
  /** Null: a region that no tag goes with. */
  label: number | null;
  text: string;
}

function drawn(picture: Picture, limits: number[]): Drawn[] {
  return picture.said.flatMap((said, provider) => {
    if (!isAnswer(said)) return [];
    const sure = (confidence: number | null) => confidence === null || confidence >= limits[provider]!;
    const tagged = said.tags.flatMap(({ label, text, boxes, confidence }) =>
      boxes.map((box) => ({ box, provider, label, text, confidence: box.confidence ?? confidence })),
    );
    const bare = said.regions.map((box) => ({ box, provider, label: null, text: "", confidence: box.confidence }));
    return [...tagged, ...bare].filter((one) => sure(one.confidence));
  });
}

function Rectangle({ one: { box, provider } }: { one: Drawn }) {
  const place = { x: box.x, y: box.y, width: box.width, height: box.height };
  return (
    <g>
      <rect class="halo" {...place} />
      <rect {...place} style={{ stroke: hue(provider), strokeDasharray: dash(provider) }} />
    </g>
  );
}

function Tag({ one: { box, provider, text } }: { one: Drawn }) {
  const place = { left: `${box.x * 100}%`, top: `${box.y * 100}%` };
  return <span class="tag" style={{ ...place, background: hue(provider) }} lang={language(text)}>{letter(provider)} {text}</span>;
}

function Key({ provider, name, n, shown, onToggle }: { provider: number; name: string; n: number; shown: boolean; onToggle: () => void }) {
  return (
    <button type="button" class="key" aria-pressed={shown} onClick={onToggle}>
      <Badge provider={provider} />
      <svg width="34" height="4" aria-hidden="true">
        <line x1="0" y1="2" x2="34" y2="2" style={{ stroke: hue(provider), strokeDasharray: dash(provider) }} />
      </svg>
      <span class="name">{name}</span> {n === 1 ? "1 box" : `${n} boxes`}
    </button>
  );
}

export function Boxes({ picture, report, limits, lit }: { picture: Picture; report: Report; limits: number[]; lit: number | null }) {
  const [hidden, setHidden] = useState<ReadonlySet<number>>(new Set());
  const all = drawn(picture, limits);
  const shown = all.filter(({ provider, label }) => !hidden.has(provider) && (lit === null || label === lit));
  const boxed = report.providers.flatMap((one, provider) => {
    const n = all.filter((box) => box.provider === provider).length;
    return n ? [{ provider, name: one.name, n }] : [];
  });
  const toggle = (provider: number) => {
    const next = new Set(hidden);
    if (!next.delete(provider)) next.add(provider);
    setHidden(next);
  };
  const { width, height } = picture;
  return (
    <figure class="boxes">
      <div class="canvas" style={width && height ? { "--ratio": `${width} / ${height}`, "--wide": width / height } : {}}>
        <Thumbnail picture={picture} />
        <svg viewBox="0 0 1 1" preserveAspectRatio="none" role="img" aria-label={`${shown.length} boxes over the picture`}>
          {shown.map((one, i) => <Rectangle key={i} one={one} />)}
        </svg>
        <div aria-hidden="true">{shown.filter((one) => one.text).map((one, i) => <Tag key={i} one={one} />)}</div>
      </div>
      <figcaption>
        {boxed.length === 0 && <span class="muted">No boxes at these thresholds.</span>}
        {boxed.map(({ provider, name, n }) => (
          <Key key={provider} provider={provider} name={name} n={n} shown={!hidden.has(provider)} onToggle={() => toggle(provider)} />
        ))}
      </figcaption>
    </figure>
  );
}
