/** Reading `WWW-Authenticate`: whether a new access token can help. */

/** The errors that a new token of the same session does not mend (RFC 6750 section 3.1, RFC 9470 section 3). */
const FINAL = /(?:^|[\s,])error\s*=\s*(insufficient_scope|insufficient_user_authentication|invalid_request)(?=[\s,]|$)/i

/**
 * Whether a 401 with this header calls for a refresh. A header that cannot be read (cross-origin) does; challenges of
 * other schemes alone do not.
 */
export function callsForRefresh(header: string | null): boolean {
  if (!header) return true
  // Quoted strings may hold anything, scheme names and commas included: only those of `error` matter.
  const bare = header.replace(/(error\s*=\s*)?"((?:\\.|[^"\\])*)"/gi, (_, name, value) => (name ? name + value : ''))
  // Up to the next scheme: a word after a comma that is followed by another word, not by `=`.
  const bearer = /(?:^|[\s,])bearer(?=[\s,]|$)(.*?)(?:,\s*[^\s,=]+\s+[^\s,=]|$)/is.exec(bare)
  return bearer !== null && !FINAL.test(bearer[1] as string)
}
