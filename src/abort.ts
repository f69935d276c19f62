/** Waiting that ends with its caller's signal; what is waited for goes on. */

/** Starts nothing when the signal has aborted before. */
export function abortable<Value>(task: () => Promise<Value>, signal: AbortSignal | null | undefined): Promise<Value> {
  if (!signal) return task()
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason)
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    task()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', abort))
  })
}
