// Bounded waits: a peer that hangs does not hang the bench.

/** In milliseconds. */
export const BOUND = 20_000

/** What the promise comes to, or `otherwise` when it takes longer than so many milliseconds, or fails. */
export function within<Result, Otherwise>(
  promise: Promise<Result>,
  patience: number,
  otherwise: Otherwise,
): Promise<Result | Otherwise> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), patience)
    promise.then(resolve, () => resolve(otherwise)).finally(() => clearTimeout(timer))
  })
}

export const pauseFor = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Resolves when `isThere`; looked at ten times a second. */
export async function until(isThere: () => boolean): Promise<void> {
  while (!isThere()) await pauseFor(100)
}

/** Rejects with the complaint when the promise takes too long. */
export async function promptly<Result>(promise: Promise<Result>, complaint: string): Promise<Result> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(complaint)), BOUND)
  })
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
