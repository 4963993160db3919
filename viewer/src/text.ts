/** Text of strangers: its language for fonts and screen readers, and its normal form for search. */

import type { Label } from "./report";

const HAN = /\p{Script=Han}/u;

export function language(text: string): "zh" | undefined {
  return HAN.test(text) ? "zh" : undefined;
}

/** NFKC, lower case, separators as one space: as labels are aligned. */
export function normal(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/[\s_-]+/g, " ").trim();
}

/** A label's other names, beside the one it goes by. */
export function otherNames(label: Label): string[] {
  const id = normal(label.id);
  return [...new Set(Object.values(label.names))].filter((name) => normal(name) !== id);
}

/** All that a label is called, in one string to search in. */
export function searchable(label: Label): string {
  const names = [label.id, ...Object.values(label.names), ...label.spellings.map((one) => one.text)];
  return names.map(normal).join("\n");
}

/** The last part of a path or URL. */
export function fileName(source: string): string {
  return source.split(/[\\/]/).findLast((part) => part !== "") ?? source;
}
