// The median, the minimum and the maximum of a series of rounds.

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

export function summarize(series: readonly number[]): Summary {
  const sorted = series.toSorted((one, other) => one - other)
  const at = (index: number): number => sorted[index] ?? Number.NaN
  const middle = sorted.length / 2
  const median = sorted.length % 2 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2
  return { median, min: at(0), max: at(sorted.length - 1) }
}

/** Round by round, so that what slows a whole round down cancels out. */
export function compare(
  series: readonly number[],
  base: readonly number[],
  by: (one: number, base: number) => number,
): Summary {
  return summarize(series.map((one, round) => by(one, base[round] ?? Number.NaN)))
}

export const digits = (value: number, count = 2): string => value.toFixed(count)

/** As `median (min–max)`. */
export const spell = ({ median, min, max }: Summary, count = 2): string =>
  `${digits(median, count)} (${digits(min, count)}–${digits(max, count)})`
