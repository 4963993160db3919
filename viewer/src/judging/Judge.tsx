/** Judging: is this label true of this picture? Nobody sees who said it. */

import { useState } from "preact/hooks";

import { useKeys } from "../keys";
import { count, whole } from "../numbers";
import type { Report } from "../report";
import { language, otherNames } from "../text";
import { Thumbnail } from "../Thumbnail";
import { Files } from "./Files";
import type { Verdict } from "./judgements";
import { useSession, type Session } from "./session";

const KEYS: Record<string, Verdict> = { y: "yes", n: "no", u: "unsure" };

function Question({ report, session: { questions, at } }: { report: Report; session: Session }) {
  if (questions.length === 0) return <p class="question">Nobody said anything about these pictures: there is nothing to judge.</p>;
  if (at === null) return <p class="question">All {whole(questions.length)} are judged. Save the file, and give it to <code>taggers bench</code>.</p>;
  const { picture, label: place } = questions[at]!;
  const label = report.labels[place]!;
  return (
    <>
      <div class="subject"><Thumbnail picture={report.pictures[picture]!} /></div>
      <p class="question">
        <span class="muted">Is it true of this picture?</span>
        <strong lang={language(label.id)}>{label.id}</strong>
        {otherNames(label).map((name) => <span key={name} lang={language(name)}>{name}</span>)}
      </p>
    </>
  );
}

function Buttons({ session: { at, answer, skip, undo } }: { session: Session }) {
  const idle = at === null;
  return (
    <div class="verdicts">
      <button type="button" class="yes" disabled={idle} onClick={() => answer("yes")}><kbd>y</kbd> yes</button>
      <button type="button" class="no" disabled={idle} onClick={() => answer("no")}><kbd>n</kbd> no</button>
      <button type="button" class="unsure" disabled={idle} onClick={() => answer("unsure")}><kbd>u</kbd> unsure</button>
      <button type="button" class="quiet" disabled={idle} onClick={skip}><kbd>s</kbd> skip</button>
      <button type="button" class="quiet" onClick={undo}><kbd>z</kbd> undo</button>
    </div>
  );
}

function Progress({ session: { answered, questions } }: { session: Session }) {
  return (
    <div class="progress">
      <progress value={answered} max={Math.max(1, questions.length)} aria-label="Judged so far" />
      <span>{whole(answered)} of {count(questions.length, "label")} judged</span>
    </div>
  );
}

export function Judge({ report }: { report: Report }) {
  const session = useSession(report);
  const [said, setSaid] = useState("");
  const act = (key: string) => {
    const verdict = KEYS[key];
    if (verdict) {
      const label = session.at === null ? null : report.labels[session.questions[session.at]!.label]!;
      session.answer(verdict);
      setSaid(label ? `${verdict}: ${label.id}` : "");
    } else if (key === "s") session.skip();
    else if (key === "z") {
      session.undo();
      setSaid("undone");
    } else return false;
    return true;
  };
  useKeys(act);
  return (
    <div class="judging">
      <h1>Judge</h1>
      <p class="muted">
        Every label that any provider gave, one at a time. Who said it is hidden, the order is shuffled, and
        what several said is asked once. <code>taggers bench</code> reads the file you save.
      </p>
      <Progress session={session} />
      <div class="card"><Question report={report} session={session} /><Buttons session={session} /></div>
      <p class="muted said" role="status">{said}</p>
      <Files session={session} />
    </div>
  );
}
