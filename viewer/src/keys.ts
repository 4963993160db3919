/** Keys that act on a whole view, unless somebody is typing. */

import { useLayoutEffect } from "preact/hooks";

function isTyping({ target }: KeyboardEvent): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement;
}

/** Calls `act` with the key in lower case; true from it: the key is used up. */
export function useKeys(act: (key: string) => boolean): void {
  // In the layout phase, so that a key that follows at once meets the state after the last one.
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
      if (act(event.key.toLowerCase())) event.preventDefault();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  });
}
