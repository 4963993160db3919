/** A person at work: where in the queue, what was answered, what can be undone. */

import { useMemo, useState } from "preact/hooks";

import { recall, remember } from "../memory";
import type { Report } from "../report";
import { Judgements, type Question, type Verdict } from "./judgements";
import { nextOpen, queue, verdictOn } from "./queue";

export interface Session {
  questions: Question[];
  /** The question on the table; null when all are answered. */
  at: number | null;
  answered: number;
  judgements: Judgements;
  seed: number;
  reseed: (seed: number) => void;
  answer: (verdict: Verdict) => void;
  skip: () => void;
  undo: () => void;
  load: (text: string) => { taken: number; strange: number };
}

const SEED = "judging-seed";

export function useSession(report: Report): Session {
  const judgements = useMemo(() => new Judgements(report.pictures), [report]);
  const [seed, setSeed] = useState(() => Number(recall(SEED) ?? 1) || 1);
  const questions = useMemo(() => queue(report, seed), [report, seed]);
  const isOpen = (question: Question) => verdictOn(report, judgements, question) === undefined;
  const [at, setAt] = useState(() => nextOpen(questions, 0, isOpen));
  const [done, setDone] = useState<number[]>([]);
  const [loaded, setLoaded] = useState(0);
  const answered = useMemo(() => questions.filter((one) => !isOpen(one)).length, [questions, done, loaded]);

  const place = ({ picture, label }: Question) => [report.pictures[picture]!, report.labels[label]!] as const;
  const answer = (verdict: Verdict) => {
    if (at === null) return;
    judgements.judge(...place(questions[at]!), verdict);
    setDone([...done, at]);
    setAt(nextOpen(questions, at + 1, isOpen));
  };
  const skip = () => at !== null && setAt(nextOpen(questions, at + 1, isOpen));
  const undo = () => {
    const last = done.at(-1);
    if (last === undefined) return;
    judgements.forget(...place(questions[last]!));
    setDone(done.slice(0, -1));
    setAt(last);
  };
  const reseed = (chosen: number) => {
    remember(SEED, String(chosen));
    setSeed(chosen);
    setDone([]);
    setAt(nextOpen(queue(report, chosen), 0, isOpen));
  };
  const load = (text: string) => {
    const result = judgements.load(text);
    setLoaded(loaded + 1);
    setAt(nextOpen(questions, at ?? 0, isOpen));
    return result;
  };
  return { questions, at, answered, judgements, seed, reseed, answer, skip, undo, load };
}
