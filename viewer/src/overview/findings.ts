/** What a hurried reader should take away: one question, one answer, one detail each. */

import { letter } from "../Badge";
import { count, figure, fraction, money, perThousand, percent, seconds, whole } from "../numbers";
import type { Pair, Provider, Report } from "../report";

export interface Finding {
  question: string;
  answer: string;
  detail: string;
}

type Measured = Pair & { jaccard: { value: number } };

function measured(report: Report): Measured[] {
  const known = report.agreement.pairs.filter((pair): pair is Measured => pair.jaccard.value !== null);
  return known.toSorted((a, b) => b.jaccard.value - a.jaccard.value);
}

function named({ a, b, jaccard }: Pair): string {
  return `${letter(a)} and ${letter(b)} ${fraction(jaccard.value)} (n = ${whole(jaccard.n)})`;
}

function agreement(report: Report): Finding {
  const pairs = measured(report);
  const question = "Do they agree?";
  if (pairs.length === 0) return { question, answer: "–", detail: "No two providers answered about the same picture." };
  const mean = pairs.reduce((sum, pair) => sum + pair.jaccard.value, 0) / pairs.length;
  const [most, least] = [pairs[0]!, pairs.at(-1)!];
  const range = pairs.length > 1 ? ` Most alike: ${named(most)}. Least: ${named(least)}.` : ` n = ${whole(most.jaccard.n)}.`;
  return { question, answer: `${percent(mean)} shared`, detail: `of the first ${report.k} tags of two providers, on average.${range}` };
}

function chance(report: Report): Finding {
  const { alpha } = report.agreement;
  const detail = "Krippendorff’s α over the vocabulary they share: 1 is full agreement, 0 is what chance gives, and below 0.67 one does not build on labels.";
  return { question: "More than chance?", answer: alpha.value === null ? "–" : `α = ${figure(alpha)}`, detail };
}

/** Providers whose speed and price are a vendor's. */
function real(report: Report): [number, Provider][] {
  return [...report.providers.entries()].filter(([, one]) => !one.emulated);
}

function cost(report: Report): Finding {
  const question = "What does it cost?";
  const known = [...report.providers.entries()].filter(([, one]) => one.cost !== null);
  if (known.length === 0) return { question, answer: "No price known", detail: "No provider here has a price that taggers knows." };
  const each = known.map(([i, one]) => `${letter(i)} ${perThousand(one.cost, one.billable_units) ?? money(one.cost)}`);
  const unknown = report.providers.length - known.length;
  const rest = unknown ? ` No price known for ${whole(unknown)}.` : "";
  return { question, answer: each.join(" · "), detail: `per 1,000 billable units.${rest}` };
}

function speed(report: Report): Finding {
  const question = "How fast?";
  const timed = real(report).filter(([, one]) => one.latency_p50_s !== null);
  const sorted = timed.toSorted((a, b) => a[1].latency_p50_s! - b[1].latency_p50_s!);
  if (sorted.length === 0) return { question, answer: "–", detail: "Only emulated providers or stored answers: no vendor’s speed was measured." };
  const [i, one] = sorted[0]!;
  const slowest = sorted.at(-1)!;
  const detail = sorted.length > 1 ? `is ${letter(i)}’s median, the shortest; the longest is ${letter(slowest[0])}’s ${seconds(slowest[1].latency_p50_s)}.` : `is the median of ${one.name}.`;
  return { question, answer: seconds(one.latency_p50_s), detail };
}

function failures(report: Report): Finding {
  const failed = report.providers.reduce((sum, one) => sum + one.failed, 0);
  const who = [...report.providers.entries()].filter(([, one]) => one.failed).map(([i, one]) => `${letter(i)} ${whole(one.failed)}`);
  return { question: "Did it work?", answer: failed ? count(failed, "error") : "No errors", detail: who.length ? `${who.join(", ")}.` : "Every call was answered." };
}

export function findings(report: Report): Finding[] {
  return [agreement(report), chance(report), cost(report), speed(report), failures(report)];
}
