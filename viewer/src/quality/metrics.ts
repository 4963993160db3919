/** The measures of quality that a report may hold. */

import type { Measure, Report, Scores } from "../report";

export const METRICS = {
  f1: "F1",
  precision: "Precision",
  recall: "Recall",
  average_precision: "Average precision",
  ece: "Calibration error",
} as const;
export type Metric = keyof typeof METRICS;

/** A measure with its interval, however plainly the report gives it; null where it has none. */
export function measure(scores: Scores, metric: Metric): Measure | null {
  const given = scores[metric];
  if (typeof given === "number") return { value: given, n: 0, low: null, high: null };
  if (given === null || typeof given !== "object") return null;
  return { low: null, high: null, ...given };
}

/** Where the provider of that name stands in the report. */
export function placeOf(report: Report, name: string): number {
  return Math.max(0, report.providers.findIndex((one) => one.name === name));
}
