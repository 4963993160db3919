/** Judgements out into a file and in from one, and the seed of the order. */

import { useState } from "preact/hooks";

import { count } from "../numbers";
import type { Session } from "./session";

const NAME = "judgements.json";

function download(text: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = NAME;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

export function Files({ session: { judgements, load, seed, reseed } }: { session: Session }) {
  const [told, setTold] = useState("");
  const open = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    if (!file) return;
    try {
      const { taken, strange } = load(await file.text());
      setTold(`${count(taken, "judgement")} taken${strange ? `; ${strange} are of other pictures` : ""}.`);
    } catch (error) {
      setTold(`${file.name} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    }
    input.value = "";
  };
  return (
    <div class="files">
      <button type="button" class="primary" onClick={() => download(judgements.file())}>Save judgements</button>
      <label class="button">
        Open an earlier file
        <input type="file" accept=".json,application/json" onChange={({ currentTarget }) => void open(currentTarget)} />
      </label>
      <label class="seed">
        Seed of the order <input type="number" min="1" step="1" value={seed} onChange={({ currentTarget }) => reseed(Number(currentTarget.value) || 1)} />
      </label>
      <p role="status">{told}</p>
      {!judgements.kept && <p class="note">This browser keeps nothing for a file: save before you close the page.</p>}
    </div>
  );
}
