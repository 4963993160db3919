/** The pictures they agree on most and least. */

import { fraction } from "../numbers";
import type { Report } from "../report";
import { address } from "../route";
import { fileName } from "../text";
import { Thumbnail } from "../Thumbnail";

const SHOWN = 4;

type Ranked = { place: number; disagreement: number };

function ranked(report: Report): Ranked[] {
  const known = report.pictures.flatMap(({ disagreement }, place) => (disagreement === null ? [] : [{ place, disagreement }]));
  return known.sort((a, b) => b.disagreement - a.disagreement);
}

function Strip({ report, title, shown }: { report: Report; title: string; shown: Ranked[] }) {
  return (
    <div class="strip">
      <h3>{title}</h3>
      <ul>
        {shown.map(({ place, disagreement }) => (
          <li key={place}>
            <a href={address("overview", place)}>
              <Thumbnail picture={report.pictures[place]!} />
              <span class="name">{fileName(report.pictures[place]!.source)}</span>
              <span class="muted">disagreement {fraction(disagreement)}</span>
            </a>
          </li>
        ))}
      </ul>
    </div>
  );
}

export function Extremes({ report }: { report: Report }) {
  const all = ranked(report);
  if (all.length < 2) return null;
  const shown = Math.min(SHOWN, Math.floor(all.length / 2));
  return (
    <section aria-labelledby="extremes">
      <h2 id="extremes">Look at these</h2>
      <div class="strips">
        <Strip report={report} title="They disagree most on" shown={all.slice(0, shown)} />
        <Strip report={report} title="They agree most on" shown={all.slice(-shown).reverse()} />
      </div>
      <p><a class="more" href={address("pictures")}>All pictures, side by side →</a></p>
    </section>
  );
}
