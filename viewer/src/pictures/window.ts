/** Which rows of a long list can be seen, and a few around them. */

import type { RefObject } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";

const AROUND = 4;

export interface Slice {
  first: number;
  /** One after the last. */
  end: number;
}

function visible(list: HTMLElement, rowHeight: number): Slice {
  const above = -list.getBoundingClientRect().top;
  // In steps of the margin, so that most scroll events change nothing.
  const top = Math.floor(above / rowHeight / AROUND) * AROUND - AROUND;
  const first = Math.max(0, top);
  const shown = Math.ceil(innerHeight / rowHeight);
  return { first, end: Math.max(first, top + shown + 3 * AROUND) };
}

/** The slice of rows to draw, `rowHeight` pixels each; `list` is as high as all of them. */
export function useSlice(list: RefObject<HTMLElement | null>, rowHeight: number): Slice {
  const [slice, setSlice] = useState<Slice>({ first: 0, end: 20 });
  useLayoutEffect(() => {
    const look = () => {
      if (list.current === null) return;
      const now = visible(list.current, rowHeight);
      setSlice((before) => (before.first === now.first && before.end === now.end ? before : now));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [rowHeight]);
  return slice;
}

export function useWidth(): number {
  const [width, setWidth] = useState(innerWidth);
  useLayoutEffect(() => {
    const measure = () => setWidth(innerWidth);
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return width;
}
