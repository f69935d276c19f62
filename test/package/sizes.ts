// What a page loads of this library: the limits and the measuring. `npm test` prints the figures.

import { fileURLToPath } from 'node:url'
import { constants, gzipSync } from 'node:zlib'
import { build } from 'vite'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))
const ENTRY = 'virtual:entry.js'

const CLIENT = `export { createAuthClient, cookieRefresh } from '${SOURCE}/index.ts'\n`

export interface Size {
  readonly limit: number
  /** What the limit is to come down to. */
  readonly target: number
  measure(): Promise<number>
}

/** What is measured (in bytes, minified and gzipped); an entry counts without the client and without its framework. */
export const SIZES: Readonly<Record<string, Size>> = {
  'createAuthClient + cookieRefresh': { limit: 11_904, target: 6_144, measure: () => sizeOf(CLIENT) },
  'authfetch/react, on top': { limit: 700, target: 700, measure: () => sizeOnTop('react') },
  'authfetch/vue, on top': { limit: 700, target: 700, measure: () => sizeOnTop('vue') },
}

/** Bundles JavaScript as an application in the folder `root` does, its frameworks left out. */
export async function bundleOf(entry: string, root: string = SOURCE): Promise<string> {
  const result = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    define: { 'process.env.NODE_ENV': '"production"' },
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
      minify: 'oxc',
      target: 'es2022',
      modulePreload: false,
      rolldownOptions: {
        input: ENTRY,
        preserveEntrySignatures: 'strict',
        external: ['react', 'vue', 'ky'],
        output: { format: 'es', codeSplitting: false },
      },
    },
  })
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ('output' in one ? one.output : []))
  const chunk = outputs.find((output) => output.type === 'chunk')
  if (!chunk) throw new Error('Vite emitted no script')
  return chunk.code
}

async function sizeOf(entry: string): Promise<number> {
  return gzipSync(await bundleOf(entry), { level: constants.Z_BEST_COMPRESSION }).length
}

async function sizeOnTop(name: string): Promise<number> {
  const [whole, client] = await Promise.all([sizeOf(`${CLIENT}export * from '${SOURCE}/${name}.ts'\n`), sizeOf(CLIENT)])
  return whole - client
}
