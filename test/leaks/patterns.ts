// What a token looks like, in this project's tests and elsewhere.

/**
 * A signed JWT; the names that the unit tests give their tokens (`access-1`, `refresh-1`); a token member with a value,
 * as JSON or as a form; a Bearer header.
 */
const TOKENS: readonly RegExp[] = [
  /\beyJ[\w-]{10,}\.[\w-]{4,}\.[\w-]*/,
  /\b(?:access|refresh)-\d+\b/,
  /["']?(?:access_token|refresh_token|accessToken|refreshToken)["']?\s*[:=]\s*["']?[\w.~+/-]{8,}/,
  /\bBearer [\w.~+/-]{8,}/,
]

/** The first token in a text; undefined when there is none. */
export function tokenIn(text: string): string | undefined {
  for (const pattern of TOKENS) {
    const found = pattern.exec(text)?.[0]
    if (found && !isWord(found)) return found
  }
  return undefined
}

/** `Bearer challenge`, and a type or a name where a value would be, are words. */
const isWord = (text: string): boolean =>
  /^Bearer [a-z]+$/.test(text) || /[:=]\s*(string|undefined|unknown)$/.test(text)
