// Sessions and their refresh tokens: random, stored hashed, single use, one family for each sign-in and device.

import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { seal, unseal } from './seal.ts'
import type { Custody, Family, Generation, Presented, Rotation, Session } from './sessions.ts'
import type { Settings } from './settings.ts'
import type { Audience } from './tokens.ts'

export interface Store {
  createFamily(
    subject: string,
    device: string,
    custody: Custody,
    jkt?: string,
  ): { family: Family; refreshToken: string }
  /** Spends a refresh token and issues the next, in one transaction. */
  rotate(presented: Presented): Rotation
  /** Whether it is a refresh token of a session that is bound to a key. */
  isBound(refreshToken: string): boolean
  /** The family that was revoked by this call. */
  revoke(id: string, reason: Family['revokedFor']): Family | undefined
  revokeByToken(refreshToken: string): Family | undefined
  /** A family that may still be refreshed. */
  activeFamily(id: string): Family | undefined
  /** By user, device and sign-in. */
  sessions(): readonly Session[]
  clear(): void
  close(): void
}

const hash = (token: string): string => createHash('sha256').update(token).digest('base64url')

const AUDIENCE_COLUMN = "audience TEXT NOT NULL DEFAULT 'api'"

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS families (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, device TEXT NOT NULL, custody TEXT NOT NULL,
    createdAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL, revokedAt INTEGER, revokedFor TEXT,
    jkt TEXT);
  CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY, family TEXT NOT NULL REFERENCES families ON DELETE CASCADE, generation INTEGER NOT NULL,
    issuedAt INTEGER NOT NULL, spentAt INTEGER, spentKey TEXT, sealed BLOB, ${AUDIENCE_COLUMN},
    UNIQUE (family, generation));`

export function createStore(file: string, now: () => number, settings: Settings): Store {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; ${SCHEMA}`)
  // A file may be from before there were bound tokens, or a second API.
  const hasColumn = (table: string, column: string): boolean =>
    database
      .prepare(`PRAGMA table_info(${table})`)
      .all()
      .some(({ name }) => name === column)
  if (!hasColumn('families', 'jkt')) database.exec('ALTER TABLE families ADD COLUMN jkt TEXT')
  if (!hasColumn('tokens', 'audience')) database.exec(`ALTER TABLE tokens ADD COLUMN ${AUDIENCE_COLUMN}`)
  database.prepare('DELETE FROM families WHERE expiresAt <= ?').run(now())
  const statement = {
    token: database.prepare('SELECT * FROM tokens WHERE hash = ?'),
    family: database.prepare('SELECT * FROM families WHERE id = ?'),
    families: database.prepare('SELECT * FROM families ORDER BY subject, device, createdAt'),
    chain: database.prepare(
      `SELECT generation, audience, issuedAt, spentAt, spentKey AS spentBy FROM tokens WHERE family = ?
       ORDER BY generation`,
    ),
    addFamily: database.prepare('INSERT INTO families VALUES (?, ?, ?, ?, ?, ?, NULL, NULL, ?)'),
    addToken: database.prepare(
      'INSERT INTO tokens (hash, family, generation, issuedAt, audience) VALUES (?, ?, ?, ?, ?)',
    ),
    spend: database.prepare('UPDATE tokens SET spentAt = ?, spentKey = ?, sealed = ? WHERE hash = ?'),
    forget: database.prepare('UPDATE tokens SET sealed = NULL WHERE family = ? AND spentAt <= ?'),
    revoke: database.prepare('UPDATE families SET revokedAt = ?, revokedFor = ? WHERE id = ? AND revokedAt IS NULL'),
  }

  function transaction<Result>(work: () => Result): Result {
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      database.exec('COMMIT')
      return result
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }

  function addToken(family: string, generation: number, audience: Audience): string {
    const refreshToken = randomBytes(32).toString('base64url')
    statement.addToken.run(hash(refreshToken), family, generation, now(), audience)
    return refreshToken
  }

  const familyOf = (id: unknown): Family => statement.family.get(id as string) as unknown as Family
  const chainOf = (id: string): Generation[] => statement.chain.all(id) as unknown as Generation[]
  const revoke: Store['revoke'] = (id, reason) =>
    statement.revoke.run(now(), reason, id).changes > 0 ? familyOf(id) : undefined

  function rotate({ refreshToken: presented, custodies, idempotencyKey: key, jkt, audience }: Presented): Rotation {
    const token = statement.token.get(hash(presented))
    const family = token && familyOf(token.family)
    if (!token || !family || !custodies.includes(family.custody)) return { kind: 'refused', reason: 'unknown' }
    // First of all: whoever has a copy without the key can neither spend it nor raise an alarm.
    if (family.jkt !== null && family.jkt !== jkt) return { kind: 'refused', reason: 'other key' }
    if (family.revokedFor === 'reuse') return { kind: 'reused', family, isFirst: false }
    if (family.revokedAt !== null) return { kind: 'refused', reason: 'revoked' }
    if (family.expiresAt <= now()) return { kind: 'refused', reason: 'expired' }
    const next = Number(token.generation) + 1
    const forgottenBefore = now() - settings.replayWindow * 1000
    statement.forget.run(family.id, forgottenBefore)
    if (token.spentAt !== null) {
      const isKept = token.sealed !== null && Number(token.spentAt) > forgottenBefore
      if (settings.replay && isKept && key === token.spentKey) {
        // Late: the answer arrived, for its token was spent. To send it again would overwrite a newer cookie.
        const first = chainOf(family.id)[next]
        if (first?.spentAt !== null) return { kind: 'refused', reason: 'superseded' }
        const refreshToken = unseal(presented, token.sealed as Uint8Array)
        // For whom it was asked the first time: that is what this key stands for.
        return { kind: 'replayed', family, refreshToken, audience: first.audience }
      }
      return { kind: 'reused', family: revoke(family.id, 'reuse') ?? family, isFirst: true }
    }
    if (Number(token.issuedAt) + settings.refreshLifetime * 1000 <= now()) return { kind: 'refused', reason: 'expired' }
    const refreshToken = addToken(family.id, next, audience)
    const sealed = key === undefined ? null : seal(presented, refreshToken)
    statement.spend.run(now(), key ?? null, sealed, hash(presented))
    return { kind: 'rotated', family, refreshToken, audience }
  }

  function describe(family: Family): Session {
    const tokens = chainOf(family.id)
    const status = family.revokedAt !== null ? 'revoked' : family.expiresAt <= now() ? 'expired' : 'active'
    const usedAt = Math.max(family.createdAt, ...tokens.map(({ spentAt }) => spentAt ?? 0))
    return { ...family, status, usedAt, tokens }
  }

  return {
    createFamily: (subject, device, custody, jkt) =>
      transaction(() => {
        const id = randomUUID()
        statement.addFamily.run(
          id,
          subject,
          device,
          custody,
          now(),
          now() + settings.sessionLifetime * 1000,
          jkt ?? null,
        )
        return { family: familyOf(id), refreshToken: addToken(id, 0, 'api') }
      }),
    rotate: (presented) => transaction(() => rotate(presented)),
    isBound(refreshToken) {
      const token = statement.token.get(hash(refreshToken))
      return token !== undefined && familyOf(token.family).jkt !== null
    },
    revoke,
    revokeByToken: (refreshToken) =>
      transaction(() => {
        const token = statement.token.get(hash(refreshToken))
        return token && revoke(String(token.family), 'sign-out')
      }),
    activeFamily(id) {
      const family = statement.family.get(id) as Family | undefined
      return family && describe(family).status === 'active' ? family : undefined
    },
    sessions: () => (statement.families.all() as unknown as Family[]).map(describe),
    clear: () => database.exec('DELETE FROM families'),
    close: () => database.close(),
  }
}
