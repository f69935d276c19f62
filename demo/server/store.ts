// Sessions and their refresh tokens: random, stored hashed, single use, one family for each sign-in and device.

import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes, randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'

export interface Family {
  readonly id: string
  readonly subject: string
  readonly device: string
  readonly custody: string
  readonly createdAt: number
  readonly expiresAt: number
  readonly revokedAt: number | null
  /** `reuse`, `sign-out`, `administrator`. */
  readonly revokedFor: string | null
}

export type Rotation =
  | { readonly kind: 'rotated'; readonly family: Family; readonly refreshToken: string }
  /** The request came a second time: here is the answer of the first. */
  | { readonly kind: 'replayed'; readonly family: Family; readonly refreshToken: string }
  | { readonly kind: 'refused'; readonly reason: 'unknown' | 'expired' | 'revoked' }
  | { readonly kind: 'reused'; readonly family: Family; readonly isFirst: boolean }

export interface Store {
  createFamily(
    subject: string,
    device: string,
    custody: string,
  ): { readonly family: Family; readonly refreshToken: string }
  /** Spends a refresh token and issues the next, in one transaction. */
  rotate(refreshToken: string, idempotencyKey: string | undefined): Rotation
  revoke(id: string, reason: string): boolean
  revokeByToken(refreshToken: string, reason: string): Family | undefined
  sessions(): readonly unknown[]
  families(subject: string): readonly string[]
  clear(): void
  close(): void
}

const DAY = 86_400_000
/** How long the answer to a spent token is kept for its replay (in milliseconds). */
const REPLAY = 600_000

const hash = (token: string): string => createHash('sha256').update(token).digest('base64url')

/** What the replay needs is readable only to who presents the spent token: the table alone betrays nothing. */
function seal(secret: string, text: string): Buffer {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'replay', 32))
  const nonce = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

function unseal(secret: string, sealed: Uint8Array): string {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'replay', 32))
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12))
  decipher.setAuthTag(sealed.subarray(-16))
  return decipher.update(sealed.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8')
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS families (
    id TEXT PRIMARY KEY, subject TEXT NOT NULL, device TEXT NOT NULL, custody TEXT NOT NULL,
    createdAt INTEGER NOT NULL, expiresAt INTEGER NOT NULL, revokedAt INTEGER, revokedFor TEXT);
  CREATE TABLE IF NOT EXISTS tokens (
    hash TEXT PRIMARY KEY, family TEXT NOT NULL REFERENCES families ON DELETE CASCADE, generation INTEGER NOT NULL,
    issuedAt INTEGER NOT NULL, spentAt INTEGER, spentKey TEXT, sealed BLOB);
  CREATE INDEX IF NOT EXISTS tokens_of_family ON tokens (family);`

export function createStore(file: string, now: () => number, isReplaying: () => boolean): Store {
  const database = new DatabaseSync(file)
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; ${SCHEMA}`)
  const statement = {
    token: database.prepare('SELECT * FROM tokens WHERE hash = ?'),
    family: database.prepare('SELECT * FROM families WHERE id = ?'),
    families: database.prepare('SELECT * FROM families ORDER BY createdAt DESC'),
    chain: database.prepare('SELECT generation, issuedAt, spentAt FROM tokens WHERE family = ? ORDER BY generation'),
    addFamily: database.prepare('INSERT INTO families VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)'),
    addToken: database.prepare('INSERT INTO tokens (hash, family, generation, issuedAt) VALUES (?, ?, ?, ?)'),
    spend: database.prepare('UPDATE tokens SET spentAt = ?, spentKey = ?, sealed = ? WHERE hash = ?'),
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

  function addToken(family: string, generation: number): string {
    const refreshToken = randomBytes(32).toString('base64url')
    statement.addToken.run(hash(refreshToken), family, generation, now())
    return refreshToken
  }

  const familyOf = (id: unknown): Family => statement.family.get(id as string) as unknown as Family
  const revoke = (id: string, reason: string): boolean => statement.revoke.run(now(), reason, id).changes > 0

  function rotate(presented: string, key: string | undefined): Rotation {
    const token = statement.token.get(hash(presented))
    if (!token) return { kind: 'refused', reason: 'unknown' }
    const family = familyOf(token.family)
    if (family.revokedFor === 'reuse') return { kind: 'reused', family, isFirst: false }
    if (family.revokedAt !== null) return { kind: 'refused', reason: 'revoked' }
    if (family.expiresAt <= now()) return { kind: 'refused', reason: 'expired' }
    if (token.spentAt !== null) {
      const isSameRequest = key !== undefined && key === token.spentKey && now() - Number(token.spentAt) < REPLAY
      if (isSameRequest && isReplaying()) {
        return { kind: 'replayed', family, refreshToken: unseal(presented, token.sealed as Uint8Array) }
      }
      revoke(family.id, 'reuse')
      return { kind: 'reused', family, isFirst: true }
    }
    const refreshToken = addToken(family.id, Number(token.generation) + 1)
    statement.spend.run(now(), key ?? null, seal(presented, refreshToken), hash(presented))
    return { kind: 'rotated', family, refreshToken }
  }

  return {
    createFamily: (subject, device, custody) =>
      transaction(() => {
        const id = randomUUID()
        statement.addFamily.run(id, subject, device, custody, now(), now() + 30 * DAY)
        return { family: familyOf(id), refreshToken: addToken(id, 0) }
      }),
    rotate: (refreshToken, key) => transaction(() => rotate(refreshToken, key)),
    revoke,
    revokeByToken: (refreshToken, reason) =>
      transaction(() => {
        const token = statement.token.get(hash(refreshToken))
        if (!token || !revoke(String(token.family), reason)) return undefined
        return familyOf(token.family)
      }),
    sessions: () =>
      statement.families.all().map((family) => ({ ...family, tokens: statement.chain.all(family.id as string) })),
    families: (subject) =>
      (statement.families.all() as unknown as Family[]).filter((one) => one.subject === subject).map(({ id }) => id),
    clear: () => database.exec('DELETE FROM families'),
    close: () => database.close(),
  }
}
