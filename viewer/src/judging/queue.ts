/** The questions in an order that tells nothing about who said what. */

import type { Report } from "../report";
import { random, shuffled } from "../shuffle";
import { union, type Judgements, type Question } from "./judgements";

/** All questions: pictures shuffled, and within each its labels; the same for the same seed. */
export function queue(report: Report, seed: number): Question[] {
  const draw = random(seed);
  const pictures = shuffled([...report.pictures.keys()], draw);
  // Sorted first, or the order before the shuffle would be the providers' own.
  return pictures.flatMap((picture) =>
    shuffled(union(report.pictures[picture]!).toSorted((a, b) => a - b), draw).map((label) => ({ picture, label })),
  );
}

export function verdictOn(report: Report, judgements: Judgements, { picture, label }: Question) {
  return judgements.of(report.pictures[picture]!, report.labels[label]!);
}

/** The first open question from a place on, then from the start; null when all are answered. */
export function nextOpen(questions: Question[], from: number, open: (question: Question) => boolean): number | null {
  for (let i = 0; i < questions.length; i++) {
    const at = (from + i) % questions.length;
    if (open(questions[at]!)) return at;
  }
  return null;
}
