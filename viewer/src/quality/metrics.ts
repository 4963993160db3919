/** The measures of quality, and who they are of. */

import type { Report } from "../report";

export const METRICS = {
  f1: "F1",
  precision: "Precision",
  recall: "Recall",
  average_precision: "Average precision",
} as const;
export type Metric = keyof typeof METRICS;

/** Where the provider of that name stands in the report. */
export function placeOf(report: Report, name: string): number {
  return Math.max(0, report.providers.findIndex((one) => one.name === name));
}
