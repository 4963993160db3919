/** What the reader has chosen, and what follows from it: shared by all views. */

import type { RefObject } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";

import { cellsOf, type Cells } from "./cells";
import type { Report } from "./report";
import { effective, noThresholds, type Thresholds } from "./thresholds";

/** Two providers to compare, or null: all of them. */
export type Duo = readonly [number, number] | null;

export interface Desk {
  report: Report;
  cells: Cells;
  thresholds: Thresholds;
  /** The threshold in force, by provider. */
  limits: number[];
  setThresholds: (thresholds: Thresholds) => void;
  duo: Duo;
  setDuo: (duo: Duo) => void;
  /** The pictures as last listed, by their places: what "next" means. */
  shown: RefObject<number[]>;
}

export function useDesk(report: Report): Desk {
  const cells = useMemo(() => cellsOf(report), [report]);
  const [thresholds, setThresholds] = useState(() => noThresholds(report.providers.length));
  const [duo, setDuo] = useState<Duo>(null);
  const limits = useMemo(() => effective(thresholds), [thresholds]);
  const shown = useRef<number[]>([]);
  return { report, cells, thresholds, limits, setThresholds, duo, setDuo, shown };
}
