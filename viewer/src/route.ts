/** Which view is open, as the address's fragment says: it survives reloads and the back button. */

import { useEffect, useState } from "preact/hooks";

export const VIEWS = ["overview", "pictures", "quality", "judge"] as const;
export type View = (typeof VIEWS)[number];

export interface Route {
  view: View;
  /** The place of the picture that is open. */
  picture: number | null;
}

export function address(view: View, picture: number | null = null): string {
  return picture === null ? `#/${view}` : `#/${view}/${picture + 1}`;
}

function parse(fragment: string): Route {
  const [, name, number] = fragment.split("/");
  const view = VIEWS.find((one) => one === name) ?? "overview";
  return { view, picture: number && /^\d+$/.test(number) ? Number(number) - 1 : null };
}

export function go(view: View, picture: number | null = null): void {
  location.hash = address(view, picture);
}

/** Goes without a step for the back button. */
export function slip(view: View, picture: number | null = null): void {
  location.replace(address(view, picture));
}

export function useRoute(): Route {
  const [route, setRoute] = useState(() => parse(location.hash));
  useEffect(() => {
    const follow = () => setRoute(parse(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return route;
}
