/** What a hurried reader should take away: one question, one answer, one detail each. */

import { letter } from "../Badge";
import { count, figure, percent, perThousand, seconds, whole } from "../numbers";
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
  return `${letter(a)} and ${letter(b)} ${figure(jaccard)}`;
}

function agreement(report: Report): Finding {
  const pairs = measured(report);
  const question = "Do they agree?";
  if (pairs.length === 0) return { question, answer: "–", detail: "No two providers answered about the same picture." };
  const mean = pairs.reduce((sum, pair) => sum + pair.jaccard.value, 0) / pairs.length;
  const [most, least] = [pairs[0]!, pairs.at(-1)!];
  const range = pairs.length > 1 ? ` Most alike: ${named(most)}. Least: ${named(least)}.` : ` n = ${whole(most.jaccard.n)}.`;
  return { question, answer: `${percent(mean)} shared`, detail: `of the first ${report.k} tags of two providers, mean of ${count(pairs.length, "pair")}.${range}` };
}

function chance(report: Report): Finding {
  const { alpha, labels } = report.agreement;
  const shared = labels === undefined ? "the vocabulary" : `the ${count(labels, "label")}`;
  const detail = `Krippendorff’s α over ${shared} they share: 1 is full agreement, 0 is what chance gives, and below 0.67 one does not build on labels.`;
  return { question: "More than chance?", answer: alpha.value === null ? "–" : `α = ${figure(alpha)}`, detail };
}

/** Providers whose speed and price are a vendor's. */
function real(report: Report): [number, Provider][] {
  return [...report.providers.entries()].filter(([, one]) => !one.emulated);
}

/** What 1,000 pictures cost, by currency. */
function rates(providers: Provider[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const { currency, amount } of providers.flatMap(perThousand)) {
    found.set(currency, [...(found.get(currency) ?? []), amount]);
  }
  return found;
}

function range([currency, values]: [string, number[]]): string {
  const [least, most] = [Math.min(...values), Math.max(...values)].map((value) => value.toFixed(2));
  return `${currency} ${least === most ? least : `${least}–${most}`}`;
}

function cost({ providers }: Report): Finding {
  const question = "What does it cost?";
  const known = providers.filter((one) => one.cost !== null);
  if (known.length === 0) return { question, answer: "No price known", detail: "taggers knows no price of any provider here." };
  const answer = [...rates(known)].map(range).join(", ") || "Nothing";
  const rest = known.length < providers.length ? ` It is not for ${whole(providers.length - known.length)} of ${whole(providers.length)}.` : "";
  return { question, answer, detail: `for 1,000 pictures, where a price is known.${rest}` };
}

function speed(report: Report): Finding {
  const question = "How fast?";
  const timed = real(report).filter(([, one]) => one.latency_p50_s !== null);
  const sorted = timed.toSorted((a, b) => a[1].latency_p50_s! - b[1].latency_p50_s!);
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (!first || !last) return { question, answer: "–", detail: "Only emulated providers or stored answers: no vendor’s speed was measured." };
  const left = report.providers.some((one) => one.emulated) ? " Emulated ones are left out." : "";
  if (first === last) return { question, answer: seconds(first[1].latency_p50_s), detail: `is the median of ${letter(first[0])}.${left}` };
  const answer = `${seconds(first[1].latency_p50_s)} – ${seconds(last[1].latency_p50_s)}`;
  return { question, answer, detail: `are the medians of the quickest (${letter(first[0])}) and the slowest (${letter(last[0])}).${left}` };
}

function failures(report: Report): Finding {
  const failed = report.providers.reduce((sum, one) => sum + one.failed, 0);
  const who = [...report.providers.entries()].filter(([, one]) => one.failed).map(([i, one]) => `${letter(i)} ${whole(one.failed)}`);
  return { question: "Did it work?", answer: failed ? count(failed, "error") : "No errors", detail: who.length ? `${who.join(", ")}.` : "Every call was answered." };
}

export function findings(report: Report): Finding[] {
  return [agreement(report), chance(report), cost(report), speed(report), failures(report)];
}
