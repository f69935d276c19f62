// Several audiences in a schedule: where their APIs are, what a server says that gives one no token, and what is asked of
// the tabs when nothing goes wrong.

/** The names of the audiences of a schedule; the session's own has none. */
const NAMES = ['', 'graph', 'files'] as const

/** The audience whose tokens say for whom they are. */
export const SPEAKING = 'files'

/** How many audiences the session has, its own among them. */
export type Count = 1 | 2 | 3

export const namesOf = (count: Count): readonly string[] => NAMES.slice(0, count)

const originOf = (audience: string): string => `https://${audience || 'api'}.test/`
export const addressOf = (audience: string): string => `${originOf(audience)}things`
export const audienceAt = (address: string): string => NAMES.find((name) => address.startsWith(originOf(name))) ?? ''

export interface Audience {
  readonly urls: readonly string[]
  readonly parameters: Readonly<Record<string, string>>
  readonly expect?: string
}

/** The option `audiences` of a client. */
export const optionsOf = (names: readonly string[]): Record<string, Audience> =>
  Object.fromEntries(
    names.filter(Boolean).map((name) => {
      const audience = { urls: [originOf(name)], parameters: { audience: name } }
      return [name, name === SPEAKING ? { ...audience, expect: name } : audience]
    }),
  )

/**
 * `denied`: in a way that says that the refresh token is unspent; `target denied`: it may be spent, and is so or not;
 * `ignored`: it gives a token of the session's own audience, where that says so.
 */
export type Denial = 'denied' | 'target denied' | 'target denied, spent' | 'ignored'

/** The choices of a hostile server. */
export const DENIALS: readonly Denial[] = ['denied', 'denied', 'target denied', 'target denied, spent', 'ignored']

/** The words for `denied`; the last is a refresh function's own. */
export const REFUSALS: readonly (string | undefined)[] = [
  '{"error":"invalid_scope"}',
  '{"error":"unauthorized_client"}',
  '{"error":"invalid_request"}',
  '{"error":"invalid_grant","suberror":"consent_required"}',
  '{"error":"invalid_grant","suberror":"message_only"}',
  '{"error":"interaction_required"}',
  '{"error":"login_required"}',
  undefined,
]
