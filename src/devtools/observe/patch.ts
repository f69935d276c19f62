/** Replacing methods of a client's parts, so that they are seen; and putting them back. */

import type { Cancel } from '../../core/ports.ts'

/** Replaces `object[name]` by what `wrap` makes of it; returns what puts the former one back. */
export function patch<Target extends object, Name extends keyof Target>(
  object: Target,
  name: Name,
  wrap: (former: Target[Name]) => Target[Name],
): Cancel {
  const former = object[name]
  const mine = wrap(typeof former === 'function' ? Object.assign(former.bind(object) as typeof former, former) : former)
  object[name] = mine
  return () => {
    // Somebody else may have replaced it since; then ours stays beneath theirs.
    if (object[name] === mine) object[name] = former
  }
}

/** Calls back in the very task in which the promise settles, before whoever asked for it goes on. */
export function whenSettled<Value>(
  promise: Promise<Value>,
  onValue: (value: Value) => void,
  onError: () => void = () => {},
): Promise<Value> {
  promise.then(onValue, onError)
  return promise
}
