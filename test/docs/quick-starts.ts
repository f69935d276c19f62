// An application made of the documents' code blocks: its pages built by Vite, its backend the server of docs/servers.md.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import vue from '@vitejs/plugin-vue'
import { build, preview } from 'vite'
import { createDemoServer } from '../../demo/server/server.ts'
import { type LoginProvider, startLoginProvider } from './login-provider.ts'
import { ROOT } from './markdown.ts'
import { runnable } from './runnable.ts'

const FOLDER = `${ROOT}/.data/quick-starts-${process.pid}`

export interface Application {
  /** With the pages `main.html`, `react.html`, `vue.html`, `ky.html`, `oauth.html`, and those of {@link LOGINS}. */
  readonly origin: string
  readonly loginProvider: LoginProvider
  close(): Promise<void>
}

const PAGES: Readonly<Record<string, string>> = {
  main: 'src/main.ts',
  react: 'src/main.tsx',
  vue: 'src/app.ts',
  ky: 'src/api.ts',
  oauth: 'start-oauth.ts',
  'react-guards': 'guards/guarded.tsx',
  'vue-guards': 'guards/guarded.ts',
}
const GUARD_FILES = ['guard.ts', 'guarded.tsx', 'guarded.ts']

/** The pages that sign in by redirect: each is a folder, with a callback of its own. */
export const LOGINS: Readonly<Record<string, string>> = {
  login: 'start.ts',
  'react-router': 'routes.tsx',
  'vue-router': 'router.ts',
}
const LOGIN_FILES = ['login.ts', 'start.ts', 'routes.tsx', 'router.ts', 'Callback.vue', 'Home.vue']

export async function startApplication(): Promise<Application> {
  const code = runnable()
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(`${FOLDER}/src`, { recursive: true })
  const write = (name: string, text: string): void => writeFileSync(`${FOLDER}/${name}`, text)
  write('package.json', '{ "type": "module" }')
  for (const [name, text] of code) write(name, text)
  const writePage = (name: string, entry: string): void =>
    write(`${name}.html`, `<!doctype html><title>${name}</title><body><script type="module" src="/${entry}"></script>`)
  for (const [name, entry] of Object.entries(PAGES)) writePage(name, entry)

  const backend = await startBackend()
  // Of another origin than the page, as a provider is.
  const origins: string[] = []
  const demo = await createDemoServer({ origins })
  const provider = await demo.listen()
  const login = await startLoginProvider()
  const oauth = (code.get('oauth.ts') ?? '')
    .replaceAll('https://id.example', `${provider}/oauth`)
    .replaceAll('https://api.example/me', `${provider}/api/me`)
    .replaceAll('https://api.example', provider)
    .replaceAll("clientId: 'spa'", "clientId: 'demo'")
  write('oauth.ts', `${oauth}\nObject.assign(globalThis, { auth })\n`)
  write(
    'start-oauth.ts',
    `const body = JSON.stringify({ user: 'alice', custody: 'client' })
     const headers = { 'Content-Type': 'application/json' }
     const response = await fetch('${provider}/auth/sign-in', { method: 'POST', headers, body })
     Object.assign(globalThis, { tokens: await response.json() })
     import('./oauth')`,
  )
  mkdirSync(`${FOLDER}/guards`)
  for (const file of GUARD_FILES) write(`guards/${file}`, code.get(file) ?? '')
  write(
    'guards/auth.ts',
    `import { auth, signIn } from '../src/auth'
     export { auth }
     Object.assign(globalThis, { auth, signIn: () => signIn('alice', 'demo') })`,
  )
  for (const [name, entry] of Object.entries(LOGINS)) {
    mkdirSync(`${FOLDER}/${name}`)
    for (const file of LOGIN_FILES) {
      const text = (code.get(file) ?? '').replaceAll('/callback', `/callback-${name}`)
      write(`${name}/${file}`, text.replace('https://id.example', login.origin))
    }
    write(
      `${name}/auth.ts`,
      `import { createAuthClient, oauthRefresh } from 'authfetch'
       const refresh = oauthRefresh({ tokenEndpoint: '${login.origin}/token', clientId: 'spa' })
       export const auth = createAuthClient({ name: '${name}', refresh })
       Object.assign(globalThis, { auth })`,
    )
    writePage(name, `${name}/${entry}`)
  }

  await build({
    root: FOLDER,
    configFile: false,
    logLevel: 'silent',
    plugins: [vue()],
    resolve: {
      alias: [
        { find: /^authfetch$/, replacement: `${ROOT}/src/index.ts` },
        { find: /^authfetch\/(\w+)$/, replacement: `${ROOT}/src/$1.ts` },
      ],
    },
    build: {
      target: 'es2022',
      minify: false,
      rolldownOptions: { input: Object.keys({ ...PAGES, ...LOGINS }).map((name) => `${FOLDER}/${name}.html`) },
    },
  })
  const pages = await preview({
    root: FOLDER,
    configFile: false,
    logLevel: 'silent',
    appType: 'mpa',
    plugins: [
      {
        name: 'callback',
        configurePreviewServer: ({ middlewares }) => {
          middlewares.use((request, _response, next) => {
            request.url = request.url?.replace(/^\/callback-([\w-]+)/, '/$1.html')
            next()
          })
        },
      },
    ],
    preview: {
      host: 'localhost',
      port: 0,
      proxy: { '/auth': backend.origin, '/api': backend.origin },
    },
  })
  const { port } = pages.httpServer.address() as AddressInfo
  const origin = `http://localhost:${port}`
  origins.push(origin)
  return {
    origin,
    loginProvider: login,
    async close() {
      await pages.close()
      backend.close()
      await demo.close()
      await login.close()
      rmSync(FOLDER, { recursive: true })
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, 'localhost')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

interface Backend {
  readonly origin: string
  close(): void
}

/** Starts the server of the document, just as it stands there. */
async function startBackend(): Promise<Backend> {
  const port = await freePort()
  const env = { ...process.env, PORT: String(port) }
  const child = spawn(process.execPath, ['server.mjs'], { cwd: FOLDER, env })
  let complaint = ''
  child.stderr.on('data', (chunk) => {
    complaint += chunk
  })
  const origin = `http://localhost:${port}`
  while (child.exitCode === null) {
    const isUp = await fetch(origin).then(
      () => true,
      () => false,
    )
    if (isUp && child.exitCode === null) return { origin, close: () => child.kill() }
  }
  // Somebody else was faster to take the port.
  if (complaint.includes('EADDRINUSE')) return startBackend()
  throw new Error(`the server of docs/servers.md does not start: ${complaint}`)
}
