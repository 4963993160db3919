/** The page: title, navigation, and the view that is open. */

import { useEffect, useRef } from "preact/hooks";

import { useDesk, type Desk } from "./desk";
import { Detail } from "./detail/Detail";
import { Judge } from "./judging/Judge";
import { Overview } from "./overview/Overview";
import { Pictures } from "./pictures/Pictures";
import { QualityView } from "./quality/Quality";
import type { Report } from "./report";
import { address, slip, useRoute, type Route, type View } from "./route";
import { ThemeButton } from "./Theme";

const TITLES: Record<View, string> = {
  overview: "Overview",
  pictures: "Pictures",
  quality: "Quality",
  judge: "Judge",
};

function titled({ title }: Report): string {
  return title || "taggers report";
}

function views(report: Report): View[] {
  return report.quality ? ["overview", "pictures", "quality", "judge"] : ["overview", "pictures", "judge"];
}

function Header({ report, route }: { report: Report; route: Route }) {
  return (
    <header class="top">
      <p class="title">{titled(report)}</p>
      <nav aria-label="Views">
        {views(report).map((view) => (
          <a key={view} href={address(view)} aria-current={view === route.view ? "page" : undefined}>
            {TITLES[view]}
          </a>
        ))}
      </nav>
      <ThemeButton />
    </header>
  );
}

function Content({ desk, route }: { desk: Desk; route: Route }) {
  switch (route.view) {
    case "overview":
      return <Overview desk={desk} />;
    case "pictures":
      return <Pictures desk={desk} />;
    case "quality":
      return <QualityView report={desk.report} />;
    case "judge":
      return <Judge report={desk.report} />;
  }
}

function Footer({ report }: { report: Report }) {
  const made = new Date(report.made);
  const when = Number.isNaN(made.valueOf()) ? report.made : made.toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short" });
  return (
    <footer>
      Made {when} by taggers {report.version}. This page loads nothing and sends nothing.
    </footer>
  );
}

export function App({ report }: { report: Report }) {
  const desk = useDesk(report);
  const route = useRoute();
  const main = useRef<HTMLElement>(null);
  useEffect(() => scrollTo(0, 0), [route.view]);
  useEffect(() => {
    document.title = `${TITLES[route.view]} – ${titled(report)}`;
  }, [route.view, report]);
  const skip = (event: Event) => {
    event.preventDefault();
    main.current?.focus();
  };
  const open = route.picture !== null && report.pictures[route.picture] ? route.picture : null;
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>Skip to the content</a>
      <Header report={report} route={route} />
      <main ref={main} tabIndex={-1}>
        <Content desk={desk} route={route} />
      </main>
      <Footer report={report} />
      {open !== null && <Detail desk={desk} place={open} onClose={() => slip(route.view)} view={route.view} />}
    </>
  );
}
