/** What went wrong, by provider and kind; nothing where nothing did. */

import { Named } from "../Badge";
import { whole } from "../numbers";
import type { Report } from "../report";
import { address } from "../route";

export function Errors({ report: { providers } }: { report: Report }) {
  const failing = [...providers.entries()].filter(([, one]) => one.failed > 0);
  if (failing.length === 0) return null;
  return (
    <section aria-labelledby="errors">
      <h2 id="errors">Errors</h2>
      <ul class="errors">
        {failing.map(([i, one]) => (
          <li key={i}>
            <Named provider={i} of={providers} />
            {Object.entries(one.errors).map(([kind, n]) => <span key={kind} class="fault">⚠ {kind} × {whole(n)}</span>)}
          </li>
        ))}
      </ul>
      <p class="muted"><a href={address("pictures")}>In the pictures</a>, sort by errors to see which ones.</p>
    </section>
  );
}
