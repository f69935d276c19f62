/** Reading a step-up challenge. */

/**
 * What a challenge asks of a new sign-in, as `parameters` of `start`; undefined when the response has none, or when its
 * `WWW-Authenticate` cannot be read from another origin.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9470#section-3
 */
export function stepUpOf(response: Response): Readonly<Record<string, string>> | undefined {
  const header = response.headers.get('www-authenticate') ?? ''
  const found: Record<string, string> = {}
  let isMeant = false
  // From left to right, so that what stands within a quoted string is no parameter.
  for (const [, name = '', quoted, bare] of header.matchAll(/([\w-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s,"]+))/g)) {
    const value = quoted?.replace(/\\(.)/g, '$1') ?? (bare as string)
    const key = name.toLowerCase()
    if (key === 'error') isMeant ||= value === 'insufficient_user_authentication'
    if (key === 'acr_values' || key === 'max_age') found[key] ??= value
  }
  return isMeant ? found : undefined
}
