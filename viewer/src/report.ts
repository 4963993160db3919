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
  /** Failed calls that may have cost something, which `cost` does not hold. */
  maybe_billed?: number;
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
  /** Which provider answered, where the one asked is a route. */
  by?: string;
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
  /** How many labels it said of pictures of the truth, and of how many of them nothing is known. */
  said: number;
  unknown: number;
  precision: Measure;
  recall: Measure;
  f1: Measure;
  average_precision: Measure;
  ece: Measure;
  /** What 1,000 pictures cost, as "1.5 CNY"; null: not known. */
  cost_per_1000: string | null;
}

export interface Difference {
  a: string;
  b: string;
  metric: string;
  difference: number | null;
  low: number | null;
  high: number | null;
  n: number;
  ranked: boolean;
  /** Why it is not ranked. */
  why: string | null;
  more_pictures: number | null;
}

export interface Bin {
  confidence: number;
  precision: number;
  n: number;
}

/** Boxes by COCO's rules. */
export interface Detection {
  name: string;
  average_precision: number | null;
  average_precision_50: number | null;
  /** By how many boxes of a label count. */
  recall: Record<string, number | null>;
  pictures: number;
  boxes: number;
}

export interface Quality {
  pictures: number;
  providers: Scores[];
  differences: Difference[];
  detections: Detection[];
  reliability: { name: string; bins: Bin[] }[];
  pareto: string[];
}

export interface Report {
  format: string;
  title: string;
  made: string;
  version: string;
  k: number;
  /** What was not measured, and why. */
  notes?: string[];
  providers: Provider[];
  labels: Label[];
  pictures: Picture[];
  agreement: {
    pairs: Pair[];
    alpha: Figure;
    /** Over how many labels alpha is. */
    labels?: number;
  };
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
