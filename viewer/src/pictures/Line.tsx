/** One picture's row of the matrix; drawn anew only when something in it changed. */

import { Component } from "preact";

import { answers, voices, type Cell } from "../cells";
import type { Duo } from "../desk";
import { fraction } from "../numbers";
import type { Picture, Report } from "../report";
import { address } from "../route";
import { fileName } from "../text";
import { Thumbnail } from "../Thumbnail";
import { Column, Group, type Row } from "./Cell";

interface Props {
  report: Report;
  picture: Picture;
  cells: (Cell | null)[];
  limits: number[];
  hits: Set<number> | null;
  duo: Duo;
  place: number;
  /** Its number in the list, from 0. */
  index: number;
  /** Pixels from the top of the list. */
  top: number;
}

function Disagreement({ value }: { value: number | null }) {
  if (value === null) return null;
  return (
    <span class="disagreement">
      <span class="meter" aria-hidden="true"><span style={{ width: `${value * 100}%` }} /></span>
      <span class="unseen">disagreement </span>{fraction(value)}
    </span>
  );
}

function Head({ picture, place, index }: { picture: Picture; place: number; index: number }) {
  const name = fileName(picture.source);
  return (
    <div role="rowheader" class="head">
      <a href={address("pictures", place)} data-index={index}>
        <Thumbnail picture={picture} />
        <span class="name" title={picture.source}>{name}</span>
        <Disagreement value={picture.disagreement} />
      </a>
    </div>
  );
}

/** The cells of the two alone, where two are chosen. */
function chosen(cells: (Cell | null)[], duo: Duo): (Cell | null)[] {
  return duo ? cells.map((cell, i) => (duo.includes(i) ? cell : null)) : cells;
}

function Cells({ row, duo }: { row: Row; duo: Duo }) {
  if (duo) return <>{(["first", "both", "second"] as const).map((side) => <Group key={side} row={row} side={side} duo={duo} />)}</>;
  const of = answers(row.cells);
  return <>{row.report.providers.map((_, i) => <Column key={i} row={row} provider={i} of={of} />)}</>;
}

export class Line extends Component<Props> {
  override shouldComponentUpdate(next: Props): boolean {
    return (Object.keys(next) as (keyof Props)[]).some((key) => next[key] !== this.props[key]);
  }

  render({ report, picture, cells, limits, hits, duo, place, index, top }: Props) {
    const seen = chosen(cells, duo);
    const row: Row = { report, picture, cells: seen, limits, hits, voices: voices(seen, limits) };
    return (
      <div role="row" class="line" aria-rowindex={index + 2} style={{ transform: `translateY(${top}px)` }}>
        <Head picture={picture} place={place} index={index} />
        <Cells row={row} duo={duo} />
      </div>
    );
  }
}
