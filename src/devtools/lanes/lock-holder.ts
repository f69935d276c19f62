/** Who holds a lock, as the browser tells. */

import { optional } from '../../core/optional.ts'

/** The page that holds the lock of this name, by its client id; undefined when none does, or nothing tells. */
export async function holderOf(name: string): Promise<string | undefined> {
  // Rejects where storage is blocked.
  const { held = [] } =
    (await optional(() => navigator.locks)
      ?.query()
      .catch(() => undefined)) ?? {}
  return held.find((lock) => lock.name === name)?.clientId
}
