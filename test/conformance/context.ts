// What a case is: a few lines that run in the page, given the function to call.

export type Call = typeof fetch

export interface Context {
  readonly here: string
  readonly there: string
  /** Not allowed. */
  readonly away: string
  /** Of this run alone. */
  readonly id: string
  /** Runs the call, and tells all that its caller can see. */
  observe(...given: unknown[]): Promise<Observation>
  /** The function itself. */
  readonly call: Call
  /** Asks the server for something behind the tests' back. */
  control(command: string): Promise<unknown>
}

/** As JSON. */
export type Observation = Readonly<Record<string, unknown>>

export interface Case {
  readonly name: string
  /** Whether the first request carries the token when somebody is signed in. @default true */
  readonly token?: boolean
  /** Whether its requests run at once, and so arrive in any order. @default false */
  readonly parallel?: boolean
  /** Why a token that is refused once makes a difference, if it does. */
  readonly unlike?: string
  /** A Request tells its header names in small letters only (Fetch, section 5.1), so that their case is lost. @default false */
  readonly losesCase?: boolean
  run(context: Context): Promise<unknown>
}

type Arguments = (context: Context) => unknown[]

/** The classes of another realm. */
export function createRealm(): typeof globalThis {
  const element = document.createElement('iframe')
  document.body.append(element)
  return element.contentWindow as unknown as typeof globalThis
}

/** A case of one call. */
export const one = (name: string, given: Arguments, options: Omit<Case, 'name' | 'run'> = {}): Case => ({
  name,
  ...options,
  run: (context) => context.observe(...given(context)),
})

/** A case of one call that carries no token. */
export const bare = (name: string, given: Arguments): Case => one(name, given, { token: false })
