// The code blocks that say `<!-- run NAME -->`.

import { documentPaths, readDocument } from './markdown.ts'

/** Their code by the file that it names in its first line, else by `NAME.ts`. */
export function runnable(): ReadonlyMap<string, string> {
  const blocks = documentPaths().flatMap((path) => readDocument(path).blocks)
  return new Map(
    blocks
      .filter(({ directives }) => directives[0] === 'run')
      .map(({ code, directives }) => [/^(?:\/\/|<!--) (\S+\.\w+)/.exec(code)?.[1] ?? `${directives[1]}.ts`, code]),
  )
}
