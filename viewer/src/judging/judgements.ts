/** What a person says about labels, and the file that `taggers bench` reads it from. */

import { recall, remember } from "../memory";
import type { Label, Picture, Report } from "../report";

export type Verdict = "yes" | "no" | "unsure";

export interface Judgement {
  picture: string;
  label: string;
  text: string;
  answer: Verdict;
}

const FORMAT = "taggers-judgements/1";
const VERDICTS: readonly unknown[] = ["yes", "no", "unsure"];

/** The judgements of one report's pictures, kept by the browser from visit to visit. */
export class Judgements {
  private readonly judged = new Map<string, Map<string, Judgement>>();
  /** False where the browser keeps nothing for a file. */
  kept = true;

  constructor(private readonly pictures: Picture[]) {
    for (const { id } of pictures) this.restore(id);
  }

  private restore(picture: string): void {
    for (const one of readable(parsed(recall(`judgements/${picture}`)))) this.put(one);
  }

  private put(one: Judgement): void {
    const labels = this.judged.get(one.picture) ?? new Map<string, Judgement>();
    this.judged.set(one.picture, labels.set(one.label, one));
  }

  private store(picture: string): void {
    const labels = this.judged.get(picture) ?? new Map<string, Judgement>();
    this.kept = remember(`judgements/${picture}`, JSON.stringify([...labels.values()])) && this.kept;
  }

  of(picture: Picture, label: Label): Verdict | undefined {
    return this.judged.get(picture.id)?.get(label.id)?.answer;
  }

  judge(picture: Picture, label: Label, answer: Verdict): void {
    const text = label.spellings[0]?.text ?? label.id;
    this.put({ picture: picture.id, label: label.id, text, answer });
    this.store(picture.id);
  }

  forget(picture: Picture, label: Label): void {
    this.judged.get(picture.id)?.delete(label.id);
    this.store(picture.id);
  }

  /** The file's text. */
  file(): string {
    const judgements = this.pictures.flatMap(({ id }) => [...(this.judged.get(id)?.values() ?? [])]);
    return JSON.stringify({ format: FORMAT, judgements }, null, 1) + "\n";
  }

  /** Takes an earlier file's judgements of this report's pictures over its own; how many they are. */
  load(text: string): { taken: number; strange: number } {
    const { format, judgements } = JSON.parse(text) as { format: unknown; judgements: unknown };
    if (format !== FORMAT) throw new Error(`not a file of judgements (${FORMAT})`);
    const all = readable(judgements);
    const ours = new Set(this.pictures.map((one) => one.id));
    const taken = all.filter((one) => ours.has(one.picture));
    taken.forEach((one) => this.put(one));
    new Set(taken.map((one) => one.picture)).forEach((picture) => this.store(picture));
    return { taken: taken.length, strange: all.length - taken.length };
  }
}

/** What stands in the browser's memory is anybody's: every file shares it. */
function parsed(stored: string | null): unknown {
  try {
    return JSON.parse(stored ?? "null");
  } catch {
    return null;
  }
}

function isJudgement(one: Record<string, unknown> | null): boolean {
  const texts = [one?.["picture"], one?.["label"], one?.["text"]];
  return texts.every((text) => typeof text === "string") && VERDICTS.includes(one?.["answer"]);
}

function readable(judgements: unknown): Judgement[] {
  const all = Array.isArray(judgements) ? (judgements as Record<string, unknown>[]) : [];
  return all.filter(isJudgement) as unknown as Judgement[];
}

/** One question: does the label hold for the picture? Both by their places in the report. */
export interface Question {
  picture: number;
  label: number;
}

/** The labels that anybody said about a picture. */
export function union({ said }: Report["pictures"][number]): number[] {
  return [...new Set(said.flatMap((one) => (one && "tags" in one ? one.tags.map((tag) => tag.label) : [])))];
}
