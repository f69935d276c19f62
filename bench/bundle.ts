// Bundles for Node, for pages and for sizes, all by one bundler.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type BuildOptions, build } from 'esbuild'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

async function bundle(path: string, options: BuildOptions): Promise<string> {
  const result = await build({
    entryPoints: [here(path)],
    bundle: true,
    write: false,
    target: 'es2022',
    logLevel: 'silent',
    ...options,
  })
  return result.outputFiles?.[0]?.text ?? ''
}

/** A classic script whose exports are in `bench`. */
export const bundleForPage = (path: string): Promise<string> =>
  bundle(path, { platform: 'browser', format: 'iife', globalName: 'bench' })

/** The same code in this process, so that Node and the page run one bundle. */
export async function importBundle<Module>(path: string): Promise<Module> {
  const folder = here('node_modules/.cache/')
  mkdirSync(folder, { recursive: true })
  const file = `${folder}${path.replaceAll(/\W/g, '-')}.mjs`
  // Peers that were written for CommonJS ask for a `require`.
  const js = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"
  writeFileSync(file, await bundle(path, { platform: 'browser', format: 'esm', banner: { js } }))
  return await import(`${pathToFileURL(file).href}?${Date.now()}`)
}

/** What a project ships of a module, minified. */
export async function bundleSource(contents: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here('.'), loader: 'ts' },
    bundle: true,
    write: false,
    minify: true,
    platform: 'browser',
    format: 'esm',
    target: 'es2022',
    define: { 'process.env.NODE_ENV': '"production"' },
    logLevel: 'silent',
  })
  return outputFiles[0]?.text ?? ''
}

export function versionOf(name: string): string {
  return JSON.parse(readFileSync(here(`node_modules/${name}/package.json`), 'utf8')).version
}
