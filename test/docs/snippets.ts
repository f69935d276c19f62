// The code blocks of the documents as files: a block that begins with `// name.ts` is that file, for its neighbours too.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { compileScript, compileTemplate, parse } from 'vue/compiler-sfc'
import { type CodeBlock, documentPaths, ROOT, readDocument } from './markdown.ts'

export interface Snippet extends CodeBlock {
  /** Relative to the folder of all snippets. */
  readonly file: string
  /** What the compiler of its language says, before TypeScript does. */
  readonly faults: readonly string[]
}

const EXTENSIONS: Readonly<Record<string, string>> = { ts: 'ts', tsx: 'tsx', js: 'js', vue: 'vue.ts', html: 'html.js' }

/** The names that code blocks take as given, and in files beside them. */
export const GIVEN = `
import type { AuthClient, AuthState, Refresh, TokenResponse } from 'authfetch'

declare global {
  const auth: AuthClient
  const refresh: Refresh
  const form: HTMLFormElement
  const tokens: TokenResponse
  function render(state: AuthState): void
  function showLogin(reason: string): void
}
`

const NEIGHBOURS: Readonly<Record<string, string>> = {
  'auth.ts': `import { cookieRefresh, createAuthClient } from 'authfetch'
    export const auth = createAuthClient({ refresh: cookieRefresh('/auth/refresh') })`,
  'schema.ts': readFileSync(`${ROOT}/test/integrations/recipes/schema.ts`, 'utf8'),
  'orders.ts': readFileSync(`${ROOT}/test/integrations/recipes/orders.ts`, 'utf8'),
  'parts.tsx': 'export const Login = () => <p />, Spinner = () => <p />',
  'App.tsx': 'export const App = () => <p />',
  'App.vue.ts': "export { AuthGate as default } from 'authfetch/vue'",
  'Login.vue.ts': "export { AuthGate as default } from 'authfetch/vue'",
}

/** In a folder of this run that git ignores, inside the project, so that its packages are found. */
export const FOLDER = `${ROOT}/.data/snippets-${process.pid}`

export function readSnippets(): Snippet[] {
  // The reference repeats declarations, without what they refer to.
  const paths = documentPaths().filter((path) => path !== 'docs/api.md')
  return paths.flatMap((path) => readDocument(path).blocks).flatMap((block) => toSnippet(block) ?? [])
}

function toSnippet(block: CodeBlock): Snippet | undefined {
  const extension = EXTENSIONS[block.language]
  if (!extension) return undefined
  const [document = '', line = ''] = block.place.split(':')
  const folder = document.replaceAll('/', '-').replace(/\.md$/, '')
  const name = /^(?:\/\/|<!--) (?:src\/)?([\w.-]+\.\w+)\b/.exec(block.code)?.[1]?.replace(/\.vue$/, '.vue.ts')
  const { code, faults } = scriptOf(block)
  return { ...block, code, faults, file: `${folder}/${name ?? `line-${line}.${extension}`}` }
}

/** What TypeScript is to check of a block. */
function scriptOf({ language, code, place }: CodeBlock): Pick<Snippet, 'code' | 'faults'> {
  if (language === 'html') {
    const scripts = [...code.matchAll(/<script\b[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script)
    return { code: scripts.join('\n'), faults: [] }
  }
  if (language !== 'vue') return { code, faults: [] }
  const { descriptor, errors } = parse(code, { filename: place })
  const script = compileScript(descriptor, { id: place })
  const template = compileTemplate({
    id: place,
    filename: place,
    source: descriptor.template?.content ?? '',
    compilerOptions: { bindingMetadata: script.bindings ?? {} },
  })
  return { code: script.content, faults: [...errors, ...template.errors].map(String) }
}

/** Writes the snippets, and a configuration for those of browsers and one for those of Node. */
export function writeSnippets(snippets: readonly Snippet[]): readonly string[] {
  rmSync(FOLDER, { recursive: true, force: true })
  for (const { file, code, place } of snippets) {
    mkdirSync(dirname(`${FOLDER}/${file}`), { recursive: true })
    for (const [name, text] of Object.entries(NEIGHBOURS)) {
      const isOwn = snippets.some((one) => one.file === `${dirname(file)}/${name}`)
      if (!isOwn) writeFileSync(`${FOLDER}/${dirname(file)}/${name}`, text)
    }
    // A module, so that what it declares is its own.
    writeFileSync(`${FOLDER}/${file}`, `${code}\nexport {} // ${place}\n`)
  }
  writeFileSync(`${FOLDER}/given.d.ts`, GIVEN)
  const compilerOptions = { noUnusedLocals: false, noUnusedParameters: false, allowJs: true, checkJs: true }
  const isNode = ({ file }: Snippet): boolean => file.endsWith('.mjs') || file.endsWith('.config.ts')
  const configure = (name: string, types: string[], strictness: object, chosen: readonly Snippet[]): string => {
    const path = `${FOLDER}/${name}`
    const files = ['given.d.ts', ...chosen.map(({ file }) => file)]
    const config = {
      extends: `${ROOT}/tsconfig.json`,
      compilerOptions: { ...compilerOptions, types, ...strictness },
      files,
      include: [],
    }
    writeFileSync(path, JSON.stringify(config, null, 2))
    return path
  }
  return [
    configure(
      'tsconfig.browser.json',
      [],
      {},
      snippets.filter((one) => !isNode(one)),
    ),
    configure('tsconfig.node.json', ['node'], { noImplicitAny: false }, snippets.filter(isNode)),
  ]
}
