/** The first screen: what was compared, where they agree, what it costs. */

import type { Desk } from "../desk";
import { Named } from "../Badge";
import { count, whole } from "../numbers";
import { address } from "../route";
import { Agreement } from "./Agreement";
import { Costs } from "./Costs";
import { Errors } from "./Errors";
import { Extremes } from "./Extremes";
import { findings } from "./findings";

function Compared({ desk: { report } }: { desk: Desk }) {
  const { providers, pictures } = report;
  const asked = providers.reduce((sum, one) => sum + one.answered + one.failed, 0);
  const answered = providers.reduce((sum, one) => sum + one.answered, 0);
  return (
    <>
      <h1>
        What {count(providers.length, "provider")} said about {count(pictures.length, "picture")}
      </h1>
      <ul class="speakers" aria-label="Providers">
        {providers.map((_, i) => <li key={i}><Named provider={i} of={providers} /></li>)}
      </ul>
      <p class="muted">
        {whole(answered)} of {count(asked, "call")} answered. Nothing here says who is right: this is
        agreement, never accuracy{report.quality && <>; for that see <a href={address("quality")}>quality</a></>}.
      </p>
      {providers.some((one) => one.emulated) && (
        <p class="note">
          <strong>Emulated</strong> answers are made up by taggers’ emulator. They exercise the software and
          say nothing about the vendor: not its tags, not its speed.
        </p>
      )}
    </>
  );
}

export function Overview({ desk }: { desk: Desk }) {
  return (
    <div class="overview">
      <section class="hero">
        <Compared desk={desk} />
        {(desk.report.notes ?? []).map((note) => <p key={note} class="note">{note}</p>)}
        <dl class="findings">
          {findings(desk.report).map(({ question, answer, detail }) => (
            <div key={question}>
              <dt>{question}</dt>
              <dd><strong>{answer}</strong><span>{detail}</span></dd>
            </div>
          ))}
        </dl>
      </section>
      <Agreement desk={desk} />
      <Costs report={desk.report} />
      <Errors report={desk.report} />
      <Extremes report={desk.report} />
    </div>
  );
}
