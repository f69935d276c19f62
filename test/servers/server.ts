// What the scenarios ask of a server that others wrote: where it is, whom it knows, and what its administrator does.

/** The rows of the table, in short: what a server may be unable to show. */
export type Show = (typeof SHOWS)[number]

export const SHOWS = [
  'first visit of a stranger',
  'sign-in',
  'call',
  'expiry by timer',
  '50 calls refused at once',
  '50 calls amid two refreshes',
  'reload',
  'second tab without a request',
  'five tabs at once',
  'session ended at the server',
  'refresh token that comes twice',
  'sign-out in one tab',
] as const

export interface ServerOptions {
  /** Of access tokens (in seconds). */
  readonly lifetime: number
}

/** A server that runs; users are created as they are asked for. */
export interface RunningServer {
  readonly origin: string
  /** What `enter` takes in the page: tokens, as a login by redirect brings them, or the terms of `logIn`. */
  credentials(user: string): Promise<unknown>
  /** How many sessions of this user a refresh would continue. */
  sessions(user: string): Promise<number>
  /** Ends them all, as an administrator does. */
  endSessions(user: string): Promise<void>
  /** Refuses this user's access tokens of now, before their time; sessions go on. */
  recall(user: string): Promise<void>
  close(): Promise<void>
}

export interface Server {
  readonly name: string
  /** The code block of docs/servers.md that configures the client. */
  readonly configuration: string
  /** Changes that code block, to show a mistake. */
  configure?(code: string): string
  readonly refreshPath: string
  readonly resourcePath: string
  /** Whether the client holds the refresh token: a stranger then has nothing to ask with. */
  readonly holdsRefreshToken: boolean
  /** Whether a refresh revokes the access token before it: a call that is on its way then is refused, and retried. */
  readonly revokesAtRefresh?: boolean
  readonly cannot?: Readonly<Partial<Record<Show, string>>>
  start(options: ServerOptions): Promise<RunningServer>
}
