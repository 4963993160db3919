/** Columns where there is room for them, cards where there is not: every row is equally high. */

import type { Duo } from "../desk";

export interface Layout {
  cards: boolean;
  /** Pixels. */
  rowHeight: number;
}

const PICTURE = 220;
const COLUMN = 150;
const ROW = 112;
const DUO_ROW = 90;
const CARD_HEAD = 84;
const CARD_LINE = 36;
const CARD_GROUP = 64;

export function layoutFor(width: number, providers: number, duo: Duo): Layout {
  const columns = duo ? 3 : providers;
  if (width >= PICTURE + columns * COLUMN) return { cards: false, rowHeight: duo ? DUO_ROW : ROW };
  return { cards: true, rowHeight: CARD_HEAD + columns * (duo ? CARD_GROUP : CARD_LINE) };
}
