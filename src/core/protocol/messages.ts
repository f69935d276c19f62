/** The messages between tabs. They never carry the refresh token; a message that cannot be parsed is ignored. */

import type { Entry, Mark } from '../entry/entry.ts'

/** An access token on its way to another tab; ages (in milliseconds), because clocks of tabs differ. */
export interface Shared {
  readonly accessToken: string | undefined
  readonly lifetime: number | undefined
  readonly age: number
  readonly sentAt: number
}

export interface Message extends Mark {
  readonly version: 1
  /** `ask`: who has the session? `news`: this is the session now. With an owner: does it live? It does. */
  readonly type: 'ask' | 'news'
  readonly status: Entry['status']
  readonly tokens?: Shared | undefined
  readonly owner?: string | undefined
}

const isOptional = (value: unknown, type: string): boolean => value === undefined || typeof value === type

/** Reads a message of another tab, perhaps of another version of this library; undefined if it is none. */
export function parseMessage(data: unknown): Message | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const message = data as Message
  const { tokens } = message
  const isValid =
    message.version === 1 &&
    (message.type === 'ask' || message.type === 'news') &&
    Number.isFinite(message.epoch) &&
    Number.isFinite(message.generation) &&
    typeof message.status === 'string' &&
    (tokens === undefined ||
      (Number.isFinite(tokens?.age) &&
        Number.isFinite(tokens.sentAt) &&
        isOptional(tokens.lifetime, 'number') &&
        isOptional(tokens.accessToken, 'string')))
  return isValid ? message : undefined
}
