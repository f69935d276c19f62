// How servers that are not run here say that nobody is signed in: what each answers to a refresh with a dead cookie, or none.
// (A gateway that wants a password, 401 with a Basic challenge, is no row: there the browser itself asks for one.)

/** What becomes of a session that was known. */
export type Fate =
  /** The first answer is the verdict. */
  | 'ends'
  /** Only a second one in a row ends it. */
  | 'ends at the second'
  /** Nothing was said of the session. */
  | 'goes on'

export interface Row {
  readonly server: string
  readonly status: number
  readonly type?: string
  readonly body?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly known: Fate
  /** A visitor is told that nobody is signed in, unless the server could not say. */
  readonly stranger: 'signed-out' | 'unknown'
  /** Told on the console, once. */
  readonly isMistake?: boolean
  /** The first one is asked again at once, with fresh headers. */
  readonly isAskedAgain?: boolean
}

const JSON_TYPE = 'application/json'
const PROBLEM = 'application/problem+json'
const HTML = 'text/html; charset=utf-8'
const TEXT = 'text/plain; charset=utf-8'
const INDEX = '<!doctype html><html><body><div id="app"></div></body></html>'
const LOGIN = { Location: '/login' }

type Said = Pick<Row, 'type' | 'body' | 'headers'>
const json = (value: unknown, type = JSON_TYPE): Said => ({ type, body: JSON.stringify(value) })
const says = (fate: Fate, stranger: Row['stranger'] = 'signed-out') => ({ known: fate, stranger })
const mistake = { ...says('goes on'), isMistake: true }

export const ROWS: readonly Row[] = [
  { server: 'Express', status: 401, ...json({ message: 'Unauthorized' }), ...says('ends') },
  { server: 'Express, sendStatus', status: 401, type: TEXT, body: 'Unauthorized', ...says('ends') },
  { server: 'Express, sendStatus', status: 403, type: TEXT, body: 'Forbidden', ...says('ends at the second') },
  { server: 'Express', status: 400, ...json({ error: 'No refresh token' }), ...says('ends at the second') },
  {
    server: 'Nest',
    status: 401,
    ...json({ statusCode: 401, message: 'Unauthorized', error: 'Unauthorized' }),
    ...says('ends'),
  },
  {
    server: 'SimpleJWT in cookies',
    status: 401,
    ...json({ detail: 'Token is blacklisted', code: 'token_not_valid' }),
    ...says('ends'),
  },
  {
    server: 'SimpleJWT in cookies',
    status: 400,
    ...json({ refresh: ['This field is required.'] }),
    ...says('ends at the second'),
  },
  { server: 'Laravel', status: 401, ...json({ message: 'Unauthenticated.' }), ...says('ends') },
  {
    server: 'Laravel',
    status: 419,
    ...json({ message: 'CSRF token mismatch.' }),
    ...says('ends at the second'),
    isAskedAgain: true,
  },
  { server: 'ASP.NET', status: 401, ...json({ title: 'Unauthorized', status: 401 }, PROBLEM), ...says('ends') },
  {
    server: 'ASP.NET',
    status: 400,
    ...json({ title: 'Bad Request', status: 400 }, PROBLEM),
    ...says('ends at the second'),
  },
  { server: 'Spring Security', status: 401, ...says('ends') },
  { server: 'Spring Security', status: 403, ...says('ends at the second') },
  { server: 'Spring Security', status: 302, headers: LOGIN, ...says('ends at the second'), isMistake: true },
  { server: 'Rails', status: 302, type: HTML, headers: LOGIN, ...says('ends at the second'), isMistake: true },
  {
    server: 'Directus',
    status: 401,
    ...json({ errors: [{ message: 'Invalid user credentials.', extensions: { code: 'INVALID_CREDENTIALS' } }] }),
    ...says('ends'),
  },
  {
    server: 'Directus',
    status: 400,
    ...json({ errors: [{ message: 'Invalid payload.', extensions: { code: 'INVALID_PAYLOAD' } }] }),
    ...says('ends at the second'),
  },
  { server: 'Auth0', status: 403, ...json({ error: 'invalid_grant' }), ...says('ends') },
  { server: 'a firewall', status: 403, type: HTML, body: '<h1>Blocked</h1>', ...mistake },
  { server: 'an API gateway', status: 403, ...json({ message: 'Forbidden' }), ...says('ends at the second') },
  { server: 'a session that has gone', status: 410, ...json({}), ...says('ends at the second') },
  { server: 'a validation', status: 422, ...json({ message: 'Invalid.' }), ...says('ends at the second') },
  { server: 'IIS, time-out of a login', status: 440, ...says('ends at the second') },
  { server: 'a wrong address', status: 404, type: HTML, body: '<h1>Not Found</h1>', ...mistake },
  { server: 'a wrong address', status: 404, ...json({ message: 'Not Found' }), ...mistake },
  { server: 'a wrong method', status: 405, type: HTML, body: '<h1>Not Allowed</h1>', ...mistake },
  { server: 'a wrong type', status: 415, ...json({ title: 'Unsupported Media Type' }, PROBLEM), ...mistake },
  { server: 'the index page of the application', status: 200, type: HTML, body: INDEX, ...mistake },
  { server: 'a proxy in a hurry', status: 408, ...says('goes on', 'unknown') },
  { server: 'a server that is busy', status: 429, ...says('goes on', 'unknown') },
  { server: 'a server that is down', status: 500, type: HTML, body: '<h1>Error</h1>', ...says('goes on', 'unknown') },
  { server: 'a server in maintenance', status: 503, ...says('goes on', 'unknown') },
]
