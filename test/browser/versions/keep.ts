// Keeps the built library of a commit for the tests of two versions: node test/browser/versions/keep.ts [commit]

import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bundleOf } from '../../package/sizes.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** Below this project's modules, so that the dependencies are found. */
const CACHE = `${ROOT}node_modules/.cache/`

const git = (...args: string[]): Buffer => execFileSync('git', args, { cwd: ROOT, maxBuffer: 2 ** 28 })

const commit = git('rev-parse', '--short', process.argv[2] ?? 'HEAD')
  .toString()
  .trim()
mkdirSync(CACHE, { recursive: true })
const folder = mkdtempSync(`${CACHE}version-`)
try {
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', commit, 'src', 'package.json') })
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string }
  const names = 'cookieRefresh, cookieSignOut, createAuthClient, oauthRefresh, oauthRevocation'
  const code = await bundleOf(`export { ${names} } from '${folder}/src/index.ts'\n`, folder)
  writeFileSync(
    new URL('before.js', import.meta.url),
    `// authfetch ${version}, built from ${commit} by keep.ts.\n${code}`,
  )
  console.log(`Kept authfetch ${version} of ${commit}: ${code.length} bytes`)
} finally {
  rmSync(folder, { recursive: true })
}
