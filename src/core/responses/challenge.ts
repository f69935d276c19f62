/** Reading `WWW-Authenticate`: whether a new access token can help. */

/** The errors that a new token of the same session does not fix (RFC 6750 section 3.1, RFC 9470 section 3, RFC 9449 section 7.1). */
const FINAL =
  /(?:^|[\s,])error\s*=\s*(insufficient_(?:scope|user_authentication)|invalid_request|\w+_dpop_\w+)(?=[\s,]|$)/i

/**
 * Whether a 401 with this header calls for a refresh. So does a header that cannot be read (cross-origin), but not one with
 * challenges of other schemes alone. The scheme is of letters, digits, `_` and `-`.
 */
export function callsForRefresh(header: string | null, scheme = 'Bearer'): boolean {
  if (!header) return true
  // Quoted strings may hold anything, scheme names and commas included: only those of `error` matter.
  const bare = header.replace(/(error\s*=\s*)?"((?:\\.|[^"\\])*)"/gi, (_, name, value) => (name ? name + value : ''))
  // Up to the next scheme: a word after a comma that is followed by another word, not by `=`.
  const pattern = String.raw`(?:^|[\s,])${scheme}(?=[\s,]|$)(.*?)(?:,\s*[^\s,=]+\s+[^\s,=]|$)`
  const ours = new RegExp(pattern, 'is').exec(bare)
  return ours !== null && !FINAL.test(ours[1] as string)
}
