/** A provider's sign: a letter, a colour and a dash pattern, the same wherever it appears. */

import type { Provider } from "./report";

const HUES = 8;
const DASHES = ["none", "8 4", "2 3", "12 3 2 3", "16 6", "5 5", "2 6", "10 2 2 2 2 2"];

export function letter(provider: number): string {
  const last = String.fromCharCode(65 + (provider % 26));
  return provider < 26 ? last : letter(Math.floor(provider / 26) - 1) + last;
}

/** The colour as CSS; it follows light and dark. */
export function hue(provider: number): string {
  return `var(--hue-${provider % HUES})`;
}

export function dash(provider: number): string {
  return DASHES[provider % DASHES.length]!;
}

export function Badge({ provider, name }: { provider: number; name?: string }) {
  return (
    <span class="badge" style={{ background: hue(provider) }} title={name}>
      {letter(provider)}
    </span>
  );
}

export function Emulated() {
  return (
    <span class="emulated" title="Answers of an emulator, made up: they say nothing about the vendor">
      emulated
    </span>
  );
}

/** Badge, name, and the mark of the emulated. */
export function Named({ provider, of }: { provider: number; of: Provider[] }) {
  const { name, emulated } = of[provider]!;
  return (
    <span class="named">
      <Badge provider={provider} /> <span class="name">{name}</span> {emulated && <Emulated />}
    </span>
  );
}
