/** The global `fetch` as it is at each call, for what replaces it after the client was made. */

/**
 * Makes a `fetch` that looks the global one up at each call, for the option `fetch`: mocks and tracing that start later
 * are passed through. If it is `authFetch` by then, or leads back to it, the one that is global now sends the request.
 */
export function lateFetch(): typeof fetch {
  const native = globalThis.fetch?.bind(globalThis)
  let isSending = false
  return (input, init) => {
    if (isSending) return native(input, init)
    isSending = true
    try {
      return globalThis.fetch(input, init)
    } finally {
      isSending = false
    }
  }
}
