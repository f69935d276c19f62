/** What a client gives to its audiences. */

import type { AuthFetchParts } from '../auth-fetch.ts'
import type { Context } from '../core/protocol/context.ts'
import type { Refresher } from '../core/protocol/refresher.ts'
import type { SignInOut } from '../core/protocol/sign-in-out.ts'
import type { Refresh } from '../refresh/transport.ts'

/** The options of a client that count for its audiences too. */
export interface CommonOptions extends Pick<AuthFetchParts, 'fetch' | 'scheme' | 'isRefused'> {
  readonly refresh: Refresh
  readonly refreshLead: number
}

export interface ClientParts {
  /** The audiences, by their names; for whoever looks at the parts of a client. */
  faces?: ReadonlyMap<string, Pick<Context, 'session'> & { readonly refresher: Refresher }>
  readonly checked: CommonOptions
  readonly context: Context
  readonly refresher: Refresher
  readonly signInOut: SignInOut
  /** Rejects what is pending when the client is disposed of. */
  readonly whileAlive: <Terms extends unknown[], Value>(
    task: (...terms: Terms) => Promise<Value>,
  ) => (...terms: Terms) => Promise<Value>
}
