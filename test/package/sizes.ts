// What a page loads of this library: the limits and the measuring. `npm test` prints the figures.

import { fileURLToPath } from 'node:url'
import { constants, gzipSync } from 'node:zlib'
import { build, type Plugin, type Rolldown } from 'vite'

const SOURCE = fileURLToPath(new URL('../../src', import.meta.url))
const ENTRY = 'virtual:entry.js'

const CLIENT = `export { createAuthClient, cookieRefresh } from '${SOURCE}/index.ts'\n`

/** What everybody loads: the client with its adapters, the shared part of the requests, and two small packages. */
const OWN =
  /^(src\/(core|platform)\/.+|src\/(index|client|auth-client|insides|options|access-members|asked-request|auth-fetch|allow-list|abort|refresh\/(transport|request))\.ts|idb-keyval|jwt-decode)$/

const SERVICE_WORKER = `export * from '${SOURCE}/service-worker.ts'\n`
const LOGIN = ['error', 'id-token', 'pending', 'requests', 'step-up'].map((name) => `src/login/${name}.ts`)
const DEVTOOLS = [
  ...['explain', 'observation', 'record', 'recorder', 'words'],
  ...['channel', 'clock', 'denial', 'ledger', 'locks', 'patch', 'session', 'wire'].map((name) => `observe/${name}`),
].map((name) => `src/devtools/${name}.ts`)

const DPOP = ['binding', 'nonces', 'prove', 'send'].map((name) => `src/dpop/${name}.ts`)

const AUDIENCES = [
  'answers',
  'connect',
  'denial',
  'denied-error',
  'face',
  'members',
  'renewal',
  'router',
  'token-messages',
].map((name) => `src/audiences/${name}.ts`)

const WRAPPER = 'AuthGate, useAuth, useAuthClient, useAuthFetch, useClaims, useLogin'

export interface Size {
  readonly limit: number
  /** The modules that may be in the bundle, beside those that everybody loads. */
  readonly parts: readonly string[]
  readonly entry: string
  measure(): Promise<number>
}

/** What is measured (in bytes, minified and gzipped); an entry counts without the client and without its framework. */
export const SIZES: Readonly<Record<string, Size>> = {
  'createAuthClient + cookieRefresh': {
    limit: 16_232,
    parts: ['src/refresh/cookie.ts'],
    entry: CLIENT,
    measure: () => sizeOf(CLIENT),
  },
  'authfetch/login, on top': onTop('login', 2_200, LOGIN),
  'authfetch/dpop, on top': onTop('dpop', 2_770, DPOP),
  'authfetch/audiences, on top': onTop('audiences', 3_790, AUDIENCES),
  // Without `AuthDevtools`, which is for development and brings the panel.
  'authfetch/react, on top': onTop('react', 700, [], `{ ${WRAPPER}, AuthProvider }`),
  'authfetch/vue, on top': onTop('vue', 700, [], `{ ${WRAPPER}, createAuth }`),
  'authfetch/devtools: createRecorder, on top': onTop('devtools', 5_350, DEVTOOLS, '{ createRecorder }'),
  // In a script of its own, where no client is.
  'authfetch/service-worker': {
    limit: 7_430,
    parts: ['src/service-worker.ts', 'src/audiences/answers.ts', 'src/audiences/denied-error.ts'],
    entry: SERVICE_WORKER,
    measure: () => sizeOf(SERVICE_WORKER),
  },
}

function onTop(name: string, limit: number, parts: readonly string[] = [], names = '*'): Size {
  const entry = `${CLIENT}export ${names} from '${SOURCE}/${name}.ts'\n`
  return {
    limit,
    parts: ['src/refresh/cookie.ts', `src/${name}.ts`, ...parts],
    entry,
    measure: async () => (await sizeOf(entry)) - (await sizeOf(CLIENT)),
  }
}

/** The modules that a bundle should not hold: what each adds (in bytes, before minifying), and who imports it. */
export async function foreignPartsOf({ entry, parts }: Pick<Size, 'entry' | 'parts'>): Promise<string[]> {
  const modules = new Map<string, { readonly bytes: number; readonly importers: readonly string[] }>()
  await bundle(entry, SOURCE, {
    name: 'parts',
    generateBundle(_, output) {
      for (const chunk of Object.values(output)) {
        if (chunk.type !== 'chunk') continue
        for (const [id, { renderedLength: bytes }] of Object.entries(chunk.modules)) {
          if (bytes > 0) modules.set(id, { bytes, importers: this.getModuleInfo(id)?.importers ?? [] })
        }
      }
    },
  })
  return [...modules]
    .filter(([id]) => id !== ENTRY && !OWN.test(nameOf(id)) && !parts.includes(nameOf(id)))
    .filter(([id]) => !id.startsWith('\0'))
    .map(([id, { bytes, importers }]) => {
      // An import that was left out of the bundle is no reason.
      const reasons = importers.filter((importer) => modules.has(importer)).map(nameOf)
      return `${nameOf(id)} (${bytes} bytes), imported by ${reasons.join(' and ') || 'the entry'}`
    })
}

/** A module of this project by its path, one of a package by the package's name. */
function nameOf(id: string): string {
  const [, inPackage] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id) ?? []
  return inPackage ?? (id.startsWith(SOURCE) ? `src${id.slice(SOURCE.length)}` : id)
}

/** Bundles JavaScript as an application in the folder `root` does, its frameworks left out. */
export async function bundleOf(entry: string, root: string = SOURCE): Promise<string> {
  return (await bundle(entry, root)).code
}

async function bundle(entry: string, root: string, plugin?: Plugin): Promise<Rolldown.OutputChunk> {
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
      plugin,
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
        output: { format: 'es' },
      },
    },
  })
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((one) => ('output' in one ? one.output : []))
  const chunks = outputs.filter((output) => output.type === 'chunk')
  const [chunk, ...others] = chunks
  if (!chunk || others.length > 0) throw new Error(`Vite emitted ${chunks.length} scripts, not one`)
  return chunk
}

async function sizeOf(entry: string): Promise<number> {
  return gzipSync(await bundleOf(entry), { level: constants.Z_BEST_COMPRESSION }).length
}
