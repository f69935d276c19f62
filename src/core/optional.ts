/** Calls a function that may throw; an exception means that there is no value. */

/** What `task` returns; undefined where it throws. */
export function optional<Value>(task: () => Value): Value | undefined {
  try {
    return task()
  } catch {
    return undefined
  }
}
