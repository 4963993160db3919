/** The raw answers, unpacked when somebody opens them. */

import { useRef, useState } from "preact/hooks";

import { Named } from "../Badge";
import { unpack } from "../raw";
import type { Provider } from "../report";

function Answer({ text }: { text: string }) {
  const shown = useRef<HTMLPreElement>(null);
  const [copied, setCopied] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied("copied");
    } catch {
      getSelection()?.selectAllChildren(shown.current!);
      setCopied("selected: press Ctrl+C");
    }
  };
  return (
    <div class="answer">
      <p>
        <button type="button" class="quiet" onClick={copy}>Copy</button> <span role="status">{copied}</span>
      </p>
      <pre ref={shown} tabIndex={0} role="region" aria-label="Raw answer">{text}</pre>
    </div>
  );
}

export function Raw({ packed, providers }: { packed: string | null; providers: Provider[] }) {
  const [raw, setRaw] = useState<unknown[] | string | null>(null);
  if (packed === null) return <p class="muted">The report holds no raw answers of this picture.</p>;
  const open = async () => {
    if (raw !== null) return;
    try {
      setRaw(await unpack(packed));
    } catch (error) {
      setRaw(`The raw answers cannot be unpacked: ${String(error)}`);
    }
  };
  return (
    <section class="raw" aria-label="Raw answers">
      {providers.map((_, i) => (
        <details key={i} onToggle={open}>
          <summary>Raw answer of <Named provider={i} of={providers} /></summary>
          {typeof raw === "string" && <p>{raw}</p>}
          {Array.isArray(raw) && <Answer text={JSON.stringify(raw[i] ?? null, null, 2)} />}
        </details>
      ))}
    </section>
  );
}
