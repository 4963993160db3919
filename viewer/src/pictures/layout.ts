/** Columns where there is room for them, cards where there is not: every row is equally high. */

import type { Duo } from "../desk";

export interface Layout {
  cards: boolean;
  /** Pixels. */
  rowHeight: number;
  /** So many lines of chips fit into a cell. */
  lines: number;
}

const PICTURE = 220;
const COLUMN = 150;
const ROW = 120;
const DUO_ROW = 94;
const CARD_HEAD = 84;
const CARD_LINE = 36;
const CARD_GROUP = 64;

export function layoutFor(width: number, providers: number, duo: Duo): Layout {
  const columns = duo ? 3 : providers;
  if (width >= PICTURE + columns * COLUMN) {
    return duo ? { cards: false, rowHeight: DUO_ROW, lines: 2 } : { cards: false, rowHeight: ROW, lines: 3 };
  }
  return { cards: true, rowHeight: CARD_HEAD + columns * (duo ? CARD_GROUP : CARD_LINE), lines: duo ? 2 : 1 };
}
