// The tarball: what is in it, what an application makes of it, and what falls away.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readDocument } from '../docs/markdown.ts'
import { bin, type Package, pack, run } from './project.ts'
import { bundleOf } from './sizes.ts'

const ENTRIES = [
  '',
  '/login',
  '/dpop',
  '/audiences',
  '/react',
  '/vue',
  '/ky',
  '/devtools',
  '/service-worker',
  '/testing',
].map((path) => `authfetch${path}`)

let packed: Package

beforeAll(async () => {
  packed = await pack()
})

afterAll(() => packed?.remove())

/** The files of one of the projects here, by name. */
function filesOf(name: string): Record<string, string> {
  const folder = fileURLToPath(new URL(`./projects/${name}`, import.meta.url))
  return Object.fromEntries(readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')]))
}

describe('the tarball', () => {
  test('has nothing to object to for publint', async () => {
    const { code, output } = await run(process.cwd(), bin('publint', 'src/cli.js'), packed.tarball, '--strict')
    expect(output).toContain('All good!')
    expect(code).toBe(0)
  })

  test('has types that are right, as far as arethetypeswrong can tell', async () => {
    const attw = bin('@arethetypeswrong/cli', 'dist/index.js')
    const { code, output } = await run(process.cwd(), attw, '--profile', 'esm-only', packed.tarball)
    const verdicts = output.split('\n').filter((line) => /^(node16 \(from ESM\)|bundler): /.test(line))
    expect(verdicts).toHaveLength(2 * (ENTRIES.length + 1))
    expect(verdicts.filter((line) => !line.includes('🟢'))).toEqual([])
    expect(code).toBe(0)
  })

  test('holds the built modules with their declarations, the documents, and what npm adds', async () => {
    const installed = join(await packed.createProject({}), 'node_modules/authfetch')
    const others = ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'dist', 'docs', 'package.json']
    expect(readdirSync(installed).sort()).toEqual(others)
    expect(readdirSync(join(installed, 'docs')).filter((file) => !file.endsWith('.md'))).toEqual([])
    const files = readdirSync(join(installed, 'dist'), { recursive: true, encoding: 'utf8' })
    const modules = files.filter((file) => file.endsWith('.js'))
    const declarations = files.filter((file) => file.endsWith('.d.ts'))
    expect(modules.length + declarations.length).toBe(files.filter((file) => file.includes('.')).length)
    // A module of types alone has a declaration only.
    expect(modules.filter((file) => !declarations.includes(file.replace(/\.js$/, '.d.ts')))).toEqual([])
    expect(readFileSync(join(installed, 'dist/react.js'), 'utf8')).toMatch(/^["']use client["'];?\n/)
  })

  test('holds what the documents in docs/ link to, except pictures', async () => {
    const installed = join(await packed.createProject({}), 'node_modules/authfetch')
    const documents = readdirSync(join(installed, 'docs')).map((file) => readDocument(`docs/${file}`))
    const targets = documents.flatMap(({ path, links }) =>
      links
        .filter((link) => !/^(https:|#)|\.svg$/.test(link))
        .map((link) => [path, join(installed, 'docs', link.replace(/#.*/, ''))] as const),
    )
    expect(targets.length).toBeGreaterThan(0)
    expect(targets.filter(([, target]) => !existsSync(target))).toEqual([])
  })

  test('can be imported where there is no page', async () => {
    const main = ENTRIES.map((entry) => `console.log(Object.keys(await import('${entry}')).join())`).join('\n')
    const project = await packed.createProject({ 'main.js': main }, ['ky', 'react', 'vue'])
    const { code, output } = await run(project, 'main.js')
    expect(code).toBe(0)
    const [root, login, bound, several, react, vue, ky, , worker, testing] = output.trim().split('\n')
    expect(root).toContain('createAuthClient')
    expect(login).toBe('LoginError,createLogin,stepUpOf')
    expect(bound).toBe('dpop')
    expect(several).toBe('AudienceDeniedError,audiences')
    expect(react).toBe('AuthDevtools,AuthGate,AuthProvider,useAuth,useAuthClient,useAuthFetch,useClaims,useLogin')
    expect(vue).toBe('AuthDevtools,AuthGate,createAuth,useAuth,useAuthClient,useAuthFetch,useClaims,useLogin')
    expect(ky).toBe('createKy')
    expect(worker).toBe('keepAnswers')
    expect(testing).toBe('createTestAuth')
  })
})

describe('a fresh project of Vite', { timeout: 300_000 }, () => {
  test.each([
    ['React', 'react', ['react', 'react-dom', 'scheduler', '@vitejs', '@rolldown', 'vite']],
    ['Vue', 'vue', ['vue', '@vue', '@vitejs', '@rolldown', 'vite']],
  ])('with %s builds', async (_, name, modules) => {
    const project = await packed.createProject(filesOf(name), modules)
    const { code, output } = await run(project, bin('vite', 'bin/vite.js'), 'build')
    expect(output).toContain('built in')
    expect(output).not.toMatch(/warn|error/i)
    expect(code).toBe(0)
    const [script] = readdirSync(join(project, 'dist/assets'))
    const built = readFileSync(join(project, 'dist/assets', String(script)), 'utf8')
    expect(built).toContain('no auth client')
    expect(built).toContain('/auth/refresh')
    expect(built).not.toContain('grant_type:')
  })

  test('is what the docs show', () => {
    const docs = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8')
    expect(docs).toContain(`\`\`\`tsx\n${filesOf('react')['App.tsx']}\`\`\`\n`)
    expect(docs).toContain(`\`\`\`vue\n${filesOf('vue')['App.vue']}\`\`\`\n`)
  })
})

describe('what is not used falls away', () => {
  const COOKIE = 'X-Requested-With'
  // With the colon of a member: the core knows error codes that end so.
  const OAUTH = 'grant_type:'
  const IDEMPOTENCY = 'Idempotency-Key'

  const bundled = async (entry: string): Promise<string> => bundleOf(entry, await packed.createProject({}))

  test('the root brings no framework, and nothing for tests', async () => {
    const code = await bundled("export * from 'authfetch'")
    expect(code).toContain(COOKIE)
    expect(code).toContain(OAUTH)
    expect(code).not.toMatch(/\b(?:from|import)\s*["'`]/)
    expect(code).not.toContain('test-user')
  })

  test('a client with a refresh function of its own brings neither of the built-in requests', async () => {
    const code = await bundled(`
      import { createAuthClient } from 'authfetch'
      export const auth = createAuthClient({ refresh: ({ fetch }) => fetch('/renew') })
    `)
    expect(code).toContain('BroadcastChannel')
    for (const part of [COOKIE, OAUTH, IDEMPOTENCY]) expect(code).not.toContain(part)
  })

  test('a client with cookies brings no OAuth, and one with OAuth no cookies', async () => {
    const entry = (refresh: string): string => `export { createAuthClient, ${refresh} } from 'authfetch'`
    const [cookie, oauth] = [await bundled(entry('cookieRefresh')), await bundled(entry('oauthRefresh'))]
    expect([cookie.includes(COOKIE), cookie.includes(OAUTH)]).toEqual([true, false])
    expect([oauth.includes(COOKIE), oauth.includes(OAUTH)]).toEqual([false, true])
  })

  test('an error alone brings no client', async () => {
    const code = await bundled("export { SessionEndedError } from 'authfetch'")
    expect(code).toContain('session-ended')
    expect(code.length).toBeLessThan(1_000)
  })

  const { blocks } = readDocument('docs/recipes.md')
  const APP = blocks.find(({ code }) => code.includes('<component :is="Devtools"'))?.code ?? ''

  test.each([
    [
      'React',
      ['react', 'react-dom', 'scheduler'],
      `import { AuthDevtools, AuthProvider } from 'authfetch/react'
       import { createElement } from 'react'
       import { createRoot } from 'react-dom/client'
       const panel = import.meta.env.DEV && createElement(AuthDevtools)
       createRoot(document.body).render(createElement(AuthProvider, { client }, panel))`,
    ],
    [
      'Vue',
      ['vue', '@vue', '@vitejs', '@rolldown', 'vite'],
      `import { createAuth } from 'authfetch/vue'
       import { createApp } from 'vue'
       import App from './App.vue'
       createApp(App).use(createAuth(client)).mount(document.body)`,
    ],
  ])('the panel comes with its component of %s only, in a script of its own', async (_, modules, source) => {
    const project = await packed.createProject(
      {
        'main.js': `
          import { cookieRefresh, createAuthClient } from 'authfetch'
          const client = createAuthClient({ refresh: cookieRefresh('/auth/refresh') })
          ${source}
        `,
        'index.html': '<script type="module" src="/main.js"></script>',
        'App.vue': APP,
        // Vite takes NODE_ENV, which is 'test' here, over the mode.
        'vite.config.js': `
          ${modules.includes('vue') ? "import vue from '@vitejs/plugin-vue'" : 'const vue = () => undefined'}
          export default ({ mode }) => ({
            plugins: [vue()],
            define: { 'import.meta.env.DEV': mode === 'development' },
          })
        `,
      },
      modules,
    )
    const haveThePanel = async (mode: string): Promise<boolean[]> => {
      const { code, output } = await run(project, bin('vite', 'bin/vite.js'), 'build', '--mode', mode)
      expect(output).toContain('built in')
      expect(code).toBe(0)
      const assets = join(project, 'dist/assets')
      return readdirSync(assets).map((file) => readFileSync(join(assets, file), 'utf8').includes('authfetch-devtools'))
    }
    expect(await haveThePanel('production')).toEqual([false])
    expect((await haveThePanel('development')).sort()).toEqual([false, true])
  })

  test('an import for its types brings nothing', async () => {
    expect(await bundled("import 'authfetch'; import 'authfetch/login'; import 'authfetch/testing'")).not.toContain(
      'authfetch',
    )
  })
})
