/** Asking where an exception is an answer too: none. */

/** What `ask` returns; undefined where it throws. */
export function optional<Value>(ask: () => Value): Value | undefined {
  try {
    return ask()
  } catch {
    return undefined
  }
}
