/** Every picture with what each provider said: sorted, searched, cut by thresholds. */

import { useMemo, useState } from "preact/hooks";

import type { Desk } from "../desk";
import { count, whole } from "../numbers";
import { Matrix } from "./Matrix";
import { filtered, found, ordered, searchables, type Sort } from "./order";
import { Thresholds } from "./Thresholds";
import { Toolbar } from "./Toolbar";

export function Pictures({ desk }: { desk: Desk }) {
  const { report, cells, limits } = desk;
  const [query, setQuery] = useState("");
  const [sort, setSort] = useState<Sort>("disagreement");
  const texts = useMemo(() => searchables(report), [report]);
  const hits = useMemo(() => found(texts, query), [texts, query]);
  const order = useMemo(() => ordered(report, sort), [report, sort]);
  // Without a query the thresholds do not choose pictures, and a moving slider filters nothing.
  const cut = hits === null ? null : limits;
  const places = useMemo(
    () => filtered(order, report, cells, cut ?? [], hits, query),
    [order, report, cells, cut, hits, query],
  );
  desk.shown.current = places;
  return (
    <div class="pictures">
      <h1>Pictures</h1>
      <div class="tools">
        <Toolbar desk={desk} query={query} setQuery={setQuery} sort={sort} setSort={setSort} />
        <Thresholds desk={desk} />
      </div>
      <p class="muted" role="status">
        {places.length === report.pictures.length
          ? count(places.length, "picture")
          : `${whole(places.length)} of ${count(report.pictures.length, "picture")}`}
        {hits && ` · ${count(hits.size, "label")} found`}
      </p>
      <Matrix desk={desk} places={places} hits={hits} />
    </div>
  );
}
