/** Which pictures are shown, and in what order. */

import { kept, type Cell, type Cells } from "../cells";
import { isFailed, type Picture, type Report } from "../report";
import { fileName, normal, searchable } from "../text";

export const SORTS = {
  disagreement: "most disagreement first",
  agreement: "most agreement first",
  errors: "most errors first",
  name: "by name",
  given: "as given",
} as const;
export type Sort = keyof typeof SORTS;

function errors({ said }: Picture): number {
  return said.filter(isFailed).length;
}

/** Sort key of a picture: smaller comes first. Without a disagreement it comes last. */
function rank(picture: Picture, sort: Sort): number {
  switch (sort) {
    case "disagreement":
      return picture.disagreement === null ? 1 : -picture.disagreement;
    case "agreement":
      return picture.disagreement ?? 2;
    case "errors":
      return -errors(picture);
    case "name":
    case "given":
      return 0;
  }
}

/** The places of all pictures in the order asked for. */
export function ordered({ pictures }: Report, sort: Sort): number[] {
  const places = [...pictures.keys()];
  if (sort === "given") return places;
  const keys = pictures.map((picture) => rank(picture, sort));
  const names = pictures.map((picture) => fileName(picture.source));
  const { compare } = new Intl.Collator("en", { numeric: true });
  return places.sort((a, b) => keys[a]! - keys[b]! || compare(names[a]!, names[b]!));
}

/** The labels that a query finds by any of their names; null where nothing is asked. */
export function found(texts: string[], query: string): Set<number> | null {
  const wanted = normal(query);
  if (wanted === "") return null;
  return new Set([...texts.keys()].filter((label) => texts[label]!.includes(wanted)));
}

export function searchables({ labels }: Report): string[] {
  return labels.map(searchable);
}

function says(cell: Cell | null, limit: number, labels: Set<number>): boolean {
  if (cell === null) return false;
  const n = kept(cell, limit);
  for (let i = 0; i < n; i++) if (labels.has(cell.labels[i]!)) return true;
  return false;
}

/** Whether one of the labels is said about a picture, or the query stands in its name. */
export function filtered(places: number[], report: Report, cells: Cells, limits: number[], hits: Set<number> | null, query: string): number[] {
  if (hits === null) return places;
  const wanted = normal(query);
  return places.filter(
    (place) =>
      normal(fileName(report.pictures[place]!.source)).includes(wanted) ||
      cells[place]!.some((cell, provider) => says(cell, limits[provider]!, hits)),
  );
}
