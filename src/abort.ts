/** Lets a caller stop waiting by its signal. The task itself goes on. */

/** Does not start the task if the signal is aborted already. */
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
