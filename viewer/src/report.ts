/** The report as taggers writes it into this file: `taggers-report/1`. */

/** A number and how many observations stand behind it; null where there is nothing to measure. */
export interface Figure {
  value: number | null;
  n: number;
}

export interface Money {
  currency: string;
  amount: string;
}

export interface Provider {
  name: string;
  plugin: string;
  emulated: boolean;
  answered: number;
  failed: number;
  errors: Record<string, number>;
  tags_per_picture: number | null;
  vocabulary: number;
  latency_p50_s: number | null;
  latency_p95_s: number | null;
  billable_units: number;
  /** Null: no price is known. */
  cost: Money[] | null;
  cached: number;
}

export interface Spelling {
  text: string;
  provider: string;
  count: number;
}

export interface Link {
  step: string;
  left: string;
  right: string;
}

export interface Label {
  id: string;
  names: Record<string, string>;
  spellings: Spelling[];
  links: Link[];
}

/** Fractions of the picture's width and height, from its top left. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
  confidence: number | null;
}

export interface Tag {
  /** Where its label stands in the report's `labels`. */
  label: number;
  text: string;
  confidence: number | null;
  kind: string | null;
  boxes: Box[];
}

export interface Verdict {
  name: string;
  answer: unknown;
  confidence: number | null;
}

export interface Answer {
  tags: Tag[];
  regions: Box[];
  verdicts: Verdict[];
  duration_s: number | null;
  units: number | null;
  cached: boolean;
  warnings: string[];
}

export interface Failed {
  error: { kind: string; message: string };
}

/** What one provider said about one picture; null: it was not asked. */
export type Said = Answer | Failed | null;

export interface Picture {
  id: string;
  source: string;
  width: number | null;
  height: number | null;
  thumbnail: string | null;
  disagreement: number | null;
  said: Said[];
  /** Base64 of gzip of JSON: the raw answers, in the order of the providers. */
  raw: string | null;
}

export interface Pair {
  a: number;
  b: number;
  jaccard: Figure;
  overlap: Figure;
  rbo: Figure;
  boxes: (Figure & { only_a: number; only_b: number }) | null;
}

/** A figure with its interval. */
export interface Measure extends Figure {
  low: number | null;
  high: number | null;
}

export interface Scores {
  name: string;
  emulated: boolean;
  [metric: string]: Measure | Figure | number | string | boolean | null;
}

export interface Difference {
  a: string;
  b: string;
  metric: string;
  difference: number;
  low: number | null;
  high: number | null;
  ranked: boolean;
  more_pictures: number | null;
}

export interface Bin {
  confidence: number;
  precision: number;
  n: number;
}

export interface Quality {
  providers: Scores[];
  differences: Difference[];
  reliability: { name: string; bins: Bin[] }[];
  pareto: string[];
}

export interface Report {
  format: string;
  title: string;
  made: string;
  version: string;
  k: number;
  providers: Provider[];
  labels: Label[];
  pictures: Picture[];
  agreement: { pairs: Pair[]; alpha: Figure };
  quality: Quality | null;
}

const FORMAT = "taggers-report/1";

/** The report inside this page; a sentence where there is none that can be read. */
export function read(page: Document): Report | string {
  const text = page.getElementById("report")?.textContent ?? "null";
  const report = JSON.parse(text) as Report | null;
  if (report === null) return "This is the viewer, with no report inside: `taggers compare -o report.html` makes one.";
  if (report.format !== FORMAT) return `This viewer reads ${FORMAT}, and the report is ${report.format}.`;
  return report;
}

export function isAnswer(said: Said): said is Answer {
  return said !== null && "tags" in said;
}

export function isFailed(said: Said): said is Failed {
  return said !== null && "error" in said;
}
