/** One tag: who else says it is told by number, sign and border, never by colour alone. */

import { language } from "../text";

/** Said by the first of two alone, by both, by the second alone; or no two are compared. */
export type Side = "first" | "both" | "second" | "none";

const SIGNS: Record<Side, string> = { first: "◧", both: "■", second: "◨", none: "" };

export function Chip({ text, title, side = "none", said, of, hit }: {
  text: string;
  title: string;
  side?: Side;
  said?: number;
  of?: number;
  hit?: boolean;
}) {
  const share = said && of && of > 1 ? (said - 1) / (of - 1) : 0;
  return (
    <li class={`chip ${side}${hit ? " hit" : ""}`} title={title} style={side === "none" ? { "--share": `${share * 100}%` } : undefined}>
      {SIGNS[side] && <span class="sign" aria-hidden="true">{SIGNS[side]}</span>}
      <span lang={language(text)}>{text}</span>
      {said !== undefined && <span class="votes" aria-label={`said by ${said} of ${of}`}>{said}/{of}</span>}
    </li>
  );
}
