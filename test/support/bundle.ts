// Bundles source that imports the library into one script for a page.

import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))
const ENTRY = 'virtual:entry.ts'

/** Bundles TypeScript, given as source text or as a path; `authfetch` is the library's source, or the file given. */
export async function bundle(
  entry: string,
  library = `${SOURCE}/index.ts`,
  format: 'iife' | 'es' = 'iife',
): Promise<string> {
  const isPath = !entry.includes('\n') && existsSync(entry)
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    resolve: {
      alias: [
        { find: /^authfetch$/, replacement: library },
        { find: /^authfetch\/([\w-]+)$/, replacement: `${SOURCE}/$1.ts` },
      ],
    },
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id === ENTRY ? ENTRY : null),
        load: (id) => (id === ENTRY ? entry : null),
      },
    ],
    build: {
      write: false,
      minify: false,
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: {
        input: isPath ? entry : ENTRY,
        treeshake: true,
        output: { format, codeSplitting: false },
      },
    },
  })
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ('output' in one ? one.output : []))
  const chunk = outputs.find((output) => output.type === 'chunk')
  if (!chunk) throw new Error('Vite emitted no script')
  return chunk.code
}
