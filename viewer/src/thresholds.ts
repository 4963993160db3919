/** From which confidence on a tag counts: one threshold for all, and some providers' own. */

export interface Thresholds {
  all: number;
  own: (number | null)[];
}

export function noThresholds(providers: number): Thresholds {
  return { all: 0, own: Array.from({ length: providers }, () => null) };
}

export function effective({ all, own }: Thresholds): number[] {
  return own.map((one) => one ?? all);
}

export function withOwn(thresholds: Thresholds, provider: number, value: number | null): Thresholds {
  return { ...thresholds, own: thresholds.own.with(provider, value) };
}
