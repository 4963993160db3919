/** One picture with everything said about it, in a dialog. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { Named } from "../Badge";
import type { Desk } from "../desk";
import { useKeys } from "../keys";
import { count, fraction, percent, seconds } from "../numbers";
import { isAnswer, isFailed, type Answer, type Provider, type Said } from "../report";
import { slip, type View } from "../route";
import { fileName } from "../text";
import { Thresholds } from "../pictures/Thresholds";
import { Boxes } from "./Boxes";
import { Labels } from "./Labels";
import { Raw } from "./Raw";

function useModal(onClose: () => void) {
  const dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const shown = dialog.current!;
    const opener = document.activeElement;
    shown.showModal();
    return () => {
      shown.close();
      if (opener instanceof HTMLElement) opener.focus();
    };
  }, []);
  useEffect(() => {
    const shown = dialog.current!;
    const cancel = (event: Event) => {
      event.preventDefault();
      onClose();
    };
    shown.addEventListener("cancel", cancel);
    return () => shown.removeEventListener("cancel", cancel);
  }, [onClose]);
  return dialog;
}

/** The picture before or after in the list that was open last, or else in the report. */
function beside({ shown, report }: Desk, place: number, by: number): number | undefined {
  const listed = shown.current.includes(place) ? shown.current : [...report.pictures.keys()];
  return listed[listed.indexOf(place) + by];
}

function Verdicts({ answer }: { answer: Answer }) {
  return (
    <>
      {answer.verdicts.map(({ name, answer: said, confidence }) => (
        <li key={name}>{name}: <strong>{String(said)}</strong>{confidence !== null && ` (${percent(confidence)})`}</li>
      ))}
      {answer.warnings.map((warning) => <li key={warning} class="warning">⚠ {warning}</li>)}
    </>
  );
}

function circumstances({ by, tags, duration_s, units, cached }: Answer, asked: string): string {
  const parts = [by && by !== asked ? `by ${by}` : "", count(tags.length, "tag"), cached ? "from the cache" : seconds(duration_s), units === null ? "" : count(units, "unit")];
  return parts.filter(Boolean).join(" · ");
}

function Circumstances({ said, provider, of }: { said: Said; provider: number; of: Provider[] }) {
  return (
    <li>
      <Named provider={provider} of={of} />
      {isAnswer(said) && <span class="muted">{circumstances(said, of[provider]!.name)}</span>}
      {isFailed(said) && <span class="fault">⚠ {said.error.kind}: {said.error.message}</span>}
      {said === null && <span class="muted">not asked</span>}
      {isAnswer(said) && <ul><Verdicts answer={said} /></ul>}
    </li>
  );
}

function Bar({ desk, place, view, onClose }: { desk: Desk; place: number; view: View; onClose: () => void }) {
  const { pictures } = desk.report;
  const before = beside(desk, place, -1);
  const after = beside(desk, place, 1);
  const turn = (to: number | undefined) => {
    if (to !== undefined) slip(view, to);
    return true;
  };
  useKeys((key) => (key === "arrowleft" ? turn(before) : key === "arrowright" && turn(after)));
  return (
    <header class="bar">
      <h2 id="picture" tabIndex={-1} autofocus>{fileName(pictures[place]!.source)}</h2>
      <button type="button" class="quiet" disabled={before === undefined} onClick={() => turn(before)} aria-label="Previous picture">←</button>
      <button type="button" class="quiet" disabled={after === undefined} onClick={() => turn(after)} aria-label="Next picture">→</button>
      <button type="button" class="quiet" onClick={onClose} aria-label="Close">✕</button>
    </header>
  );
}

export function Detail({ desk, place, view, onClose }: { desk: Desk; place: number; view: View; onClose: () => void }) {
  const { report, limits } = desk;
  const picture = report.pictures[place]!;
  const dialog = useModal(onClose);
  const [lit, setLit] = useState<number | null>(null);
  const reset = useMemo(() => ({}), [place]);
  useEffect(() => {
    setLit(null);
    dialog.current!.scrollTop = 0;
  }, [reset]);
  return (
    <dialog ref={dialog} class="detail" aria-labelledby="picture">
      <Bar desk={desk} place={place} view={view} onClose={onClose} />
      <div class="halves">
        <div>
          <Boxes picture={picture} report={report} limits={limits} lit={lit} />
          <p class="muted small source">
            {picture.source}
            {picture.width !== null && ` · ${picture.width} × ${picture.height} px`}
            {picture.disagreement !== null && ` · disagreement ${fraction(picture.disagreement)}`}
          </p>
          <ul class="circumstances">
            {report.providers.map((_, i) => <Circumstances key={i} said={picture.said[i] ?? null} provider={i} of={report.providers} />)}
          </ul>
        </div>
        <div>
          <Thresholds desk={desk} />
          <Labels desk={desk} place={place} lit={lit} setLit={setLit} />
          <Raw key={place} packed={picture.raw} providers={report.providers} />
        </div>
      </div>
    </dialog>
  );
}

