/** What was said about each picture, as arrays that a threshold cuts quickly. */

import { isAnswer, type Answer, type Report, type Said } from "./report";

/** The distinct labels of one answer, surest first; a tag without confidence counts as certain. */
export interface Cell {
  labels: Int32Array;
  confidences: Float64Array;
}

/** A cell for each picture and provider; null where no answer came. */
export type Cells = (Cell | null)[][];

function surest(answer: Answer): Map<number, number> {
  const best = new Map<number, number>();
  for (const { label, confidence } of answer.tags) {
    best.set(label, Math.max(best.get(label) ?? 0, confidence ?? Infinity));
  }
  return best;
}

function cell(said: Said): Cell | null {
  if (!isAnswer(said)) return null;
  const ranked = [...surest(said)].sort((a, b) => (a[1] === b[1] ? 0 : b[1] - a[1]));
  return {
    labels: Int32Array.from(ranked, ([label]) => label),
    confidences: Float64Array.from(ranked, ([, confidence]) => confidence),
  };
}

export function cellsOf(report: Report): Cells {
  return report.pictures.map((picture) => picture.said.map(cell));
}

/** How many labels of the cell are at or above the threshold. */
export function kept({ confidences }: Cell, threshold: number): number {
  let n = 0;
  while (n < confidences.length && confidences[n]! >= threshold) n++;
  return n;
}

/** Who says each label of a picture: the providers' places, by label. */
export function voices(row: (Cell | null)[], thresholds: number[]): Map<number, number[]> {
  const said = new Map<number, number[]>();
  row.forEach((one, provider) => {
    if (one === null) return;
    const n = kept(one, thresholds[provider]!);
    for (let i = 0; i < n; i++) {
      const speakers = said.get(one.labels[i]!);
      if (speakers) speakers.push(provider);
      else said.set(one.labels[i]!, [provider]);
    }
  });
  return said;
}

/** How many providers answered about a picture. */
export function answers(row: (Cell | null)[]): number {
  return row.filter((one) => one !== null).length;
}

/** How many tags all thresholds keep, and how many there are. */
export function tally(cells: Cells, thresholds: number[]): { kept: number; all: number } {
  const sum = { kept: 0, all: 0 };
  for (const row of cells) {
    row.forEach((one, provider) => {
      if (one === null) return;
      sum.kept += kept(one, thresholds[provider]!);
      sum.all += one.labels.length;
    });
  }
  return sum;
}
