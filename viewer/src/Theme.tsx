/** Light, dark, or as the system says. */

import { useEffect, useState } from "preact/hooks";

import { recall, remember } from "./memory";

const THEMES = ["auto", "light", "dark"] as const;
type Theme = (typeof THEMES)[number];
const SIGNS: Record<Theme, string> = { auto: "◐", light: "☀", dark: "☾" };

export function ThemeButton() {
  const [theme, setTheme] = useState<Theme>(() => THEMES.find((one) => one === recall("theme")) ?? "auto");
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    remember("theme", theme);
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
  return (
    <button type="button" class="quiet" onClick={() => setTheme(next)} aria-label={`Theme: ${theme}. Change to ${next}`}>
      <span aria-hidden="true">{SIGNS[theme]}</span> {theme}
    </button>
  );
}
