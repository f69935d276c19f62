// The declarations of the package, as the oldest and the newest TypeScript read them, with the oldest and the newest Vue.

import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bin, type Package, pack, run } from '../package/project.ts'

const MODULES = ['@types/react', 'csstype', 'expect-type', 'ky', 'react']
const COMPILERS = {
  '5.4': {
    compiler: bin('typescript-5.4', 'node_modules/typescript/bin/tsc'),
    modules: [...MODULES, 'vue-3.3/node_modules/vue', 'vue-3.3/node_modules/@vue'],
  },
  newest: { compiler: bin('typescript', 'bin/tsc'), modules: [...MODULES, 'vue', '@vue'] },
}

const WITHOUT = 'without ESNext.Disposable'

/** `moduleResolution`, or what the project does without. */
type Setting = 'bundler' | 'nodenext' | typeof WITHOUT

export const SETTINGS: readonly Setting[] = ['bundler', 'nodenext', WITHOUT]

let packed: Package
let source: string

beforeAll(async () => {
  packed = await pack()
  source = await readFile(new URL('./api.ts', import.meta.url), 'utf8')
})

afterAll(() => packed?.remove())

/** Makes the tests of a compiler. */
export function testDeclarations(version: keyof typeof COMPILERS, settings: readonly Setting[]): void {
  const { compiler, modules } = COMPILERS[version]
  // Generous: five seconds on an idle machine.
  describe(`TypeScript ${version}`, { timeout: 300_000 }, () => {
    test('is the one that is meant', async () => {
      const { output } = await run(process.cwd(), compiler, '--version')
      if (version !== 'newest') expect(output).toContain(`Version ${version}.`)
    })

    test.each(settings.filter((one) => one !== WITHOUT))(
      'reads the declarations, moduleResolution: %s',
      async (moduleResolution) => {
        const options = {
          target: 'ES2022',
          lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
          module: moduleResolution === 'nodenext' ? 'NodeNext' : 'ESNext',
          moduleResolution,
          strict: true,
          exactOptionalPropertyTypes: true,
          skipLibCheck: false,
          // The compiler's own libraries are not ours to check.
          skipDefaultLibCheck: true,
          types: [],
          noEmit: true,
        }
        const tsconfig = JSON.stringify({ compilerOptions: options, files: ['api.ts'] })
        const project = await packed.createProject({ 'tsconfig.json': tsconfig, 'api.ts': source }, modules)
        expect(await run(project, compiler, '-p', project)).toEqual({ code: 0, output: '' })
      },
    )

    if (!settings.includes(WITHOUT)) return
    test('reads the declarations without ESNext.Disposable', async () => {
      const options = {
        target: 'ES2022',
        lib: ['ES2022', 'DOM', 'DOM.Iterable'],
        module: 'ESNext',
        moduleResolution: 'bundler',
        strict: true,
        skipLibCheck: false,
        // The compiler's own libraries are not ours to check.
        skipDefaultLibCheck: true,
        types: [],
        noEmit: true,
      }
      const tsconfig = JSON.stringify({ compilerOptions: options, files: ['app.ts'] })
      const app = `
        import { type AuthClient, cookieRefresh, createAuthClient } from 'authfetch'
        import { AuthProvider } from 'authfetch/react'
        import { createTestAuth } from 'authfetch/testing'

        const auth: AuthClient = createAuthClient({ refresh: cookieRefresh('/auth/refresh') })
        export const end = (): void => auth.dispose()
        export const endTest = async (): Promise<void> => (await createTestAuth()).dispose()
        export { AuthProvider }
      `
      const project = await packed.createProject({ 'tsconfig.json': tsconfig, 'app.ts': app }, modules)
      expect(await run(project, compiler, '-p', project)).toEqual({ code: 0, output: '' })
    })
  })
}
