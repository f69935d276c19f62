// The project's documents, read as GitHub reads them: code blocks, links, headings.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import GithubSlugger from 'github-slugger'
import { lexer, type Token, type Tokens, walkTokens } from 'marked'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface CodeBlock {
  readonly language: string
  readonly code: string
  /** `file:line` of its first line of code. */
  readonly place: string
  /** The words of the HTML comment just before it. */
  readonly directives: readonly string[]
}

export interface Document {
  /** Relative to the root. */
  readonly path: string
  readonly text: string
  readonly blocks: readonly CodeBlock[]
  readonly links: readonly string[]
  readonly anchors: ReadonlySet<string>
  readonly tables: readonly Tokens.Table[]
}

/** Every Markdown file that git knows, or would if it were added; except figures, whose links are those of docs/figures.md. */
export function documentPaths(): string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], { cwd: ROOT })
  return [...new Set(list.toString().split('\n'))]
    .filter((path) => path && !/^(bench\/results|\.github)\//.test(path))
    .sort()
}

export function readDocument(path: string): Document {
  return parseDocument(path, readFileSync(`${ROOT}/${path}`, 'utf8'))
}

export function parseDocument(path: string, text: string): Document {
  const blocks: CodeBlock[] = []
  const links: string[] = []
  const anchors = new Set<string>()
  const tables: Tokens.Table[] = []
  const slugger = new GithubSlugger()
  const tokens = lexer(text)
  // It returns promises only where its callback does.
  void walkTokens(tokens, (token) => {
    if (token.type === 'link' || token.type === 'image') links.push(String(token.href))
    if (token.type === 'heading') anchors.add(slugger.slug(plainText(token.tokens ?? [])))
    if (token.type === 'table') tables.push(token as Tokens.Table)
  })
  for (const [, id] of text.matchAll(/<a (?:id|name)="([^"]+)"/g)) anchors.add(id as string)
  for (const [, href] of text.matchAll(/<(?:a|img|source)\b[^>]*?\s(?:href|src|srcset)="([^"]+)"/g)) {
    links.push(href as string)
  }
  let line = 1
  let comment = ''
  for (const token of tokens) {
    if (token.type === 'code' && token.raw.startsWith('```')) {
      blocks.push({
        language: String(token.lang ?? ''),
        code: String(token.text),
        place: `${path}:${line + 1}`,
        directives: comment.split(/\s+/).filter(Boolean),
      })
    }
    if (token.type !== 'space') comment = /^<!--(.*)-->\s*$/s.exec(token.raw)?.[1] ?? ''
    line += token.raw.split('\n').length - 1
  }
  return { path, text, blocks, links, anchors, tables }
}

/** What is left of inline Markdown when its marks are taken away. */
export function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => ('tokens' in token && token.tokens ? plainText(token.tokens) : 'text' in token ? token.text : ''))
    .join('')
}
