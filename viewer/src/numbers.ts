/** How numbers are written for people. */

import type { Figure, Money, Provider } from "./report";

const WHOLE = new Intl.NumberFormat("en");

export function whole(value: number): string {
  return WHOLE.format(value);
}

/** "31 %", or a dash where there is nothing. */
export function percent(value: number | null | undefined): string {
  return value == null ? "–" : `${Math.round(value * 100)} %`;
}

/** "0.31", or a dash where there is nothing. */
export function fraction(value: number | null | undefined): string {
  return value == null ? "–" : value.toFixed(2);
}

/** "0.31 (n = 198)". */
export function figure(value: Figure): string {
  return `${fraction(value.value)} (n\u00a0=\u00a0${whole(value.n)})`;
}

/** Seconds as "84 ms" or "1.2 s". */
export function seconds(value: number | null | undefined): string {
  if (value == null) return "–";
  return value < 0.9995 ? `${Math.round(value * 1000)} ms` : `${value.toFixed(value < 10 ? 1 : 0)} s`;
}

export function money(cost: Money[] | null): string {
  if (cost === null) return "no price known";
  if (cost.every(({ amount }) => Number(amount) === 0)) return "nothing";
  return cost.map(({ amount, currency }) => `${currency} ${amount}`).join(" + ");
}

/** What 1,000 pictures cost at the rate of this report, by currency: nothing without a price. An
 * answer from the cache cost nothing and does not count; a picture may take several billable units. */
export function perThousand({ cost, answered, cached }: Provider): { currency: string; amount: number }[] {
  const paid = answered - cached;
  if (paid === 0) return [];
  return (cost ?? []).map(({ currency, amount }) => ({ currency, amount: (Number(amount) / paid) * 1000 }));
}

export function count(n: number, noun: string): string {
  return `${whole(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** "a", "a and b", "a, b and c". */
export function listed(parts: string[]): string {
  const last = parts.at(-1) ?? "";
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
}
