/** Agreement of each pair of providers on what the thresholds keep. */

import { kept, type Cell, type Cells } from "./cells";
import type { Figure } from "./report";

export interface Agreement {
  a: number;
  b: number;
  jaccard: Figure;
}

/** Sets of labels that are emptied by counting on: no set is made while a slider moves. */
class Marks {
  private readonly marks: Int32Array;
  private round = 0;

  constructor(labels: number) {
    this.marks = new Int32Array(labels);
  }

  put({ labels }: Cell, n: number): void {
    this.round++;
    for (let i = 0; i < n; i++) this.marks[labels[i]!] = this.round;
  }

  shared({ labels }: Cell, n: number): number {
    let sum = 0;
    for (let i = 0; i < n; i++) if (this.marks[labels[i]!] === this.round) sum++;
    return sum;
  }
}

function pairs(providers: number): [number, number][] {
  const places = [...Array(providers).keys()];
  return places.flatMap((a) => places.slice(a + 1).map((b): [number, number] => [a, b]));
}

/** The mean over the pictures that both answered; two empty answers are nothing to agree on. */
function between(cells: Cells, limits: number[], marks: Marks, a: number, b: number): Figure {
  let sum = 0;
  let n = 0;
  for (const row of cells) {
    const [left, right] = [row[a], row[b]];
    if (!left || !right) continue;
    const [inLeft, inRight] = [kept(left, limits[a]!), kept(right, limits[b]!)];
    if (inLeft + inRight === 0) continue;
    marks.put(left, inLeft);
    const shared = marks.shared(right, inRight);
    sum += shared / (inLeft + inRight - shared);
    n++;
  }
  return { value: n ? sum / n : null, n };
}

/** Jaccard of every pair, for `labels` labels in all. */
export function agreements(cells: Cells, limits: number[], labels: number): Agreement[] {
  const marks = new Marks(labels);
  return pairs(limits.length).map(([a, b]) => ({ a, b, jaccard: between(cells, limits, marks, a, b) }));
}
