import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  resolve: { alias: [{ find: /^authfetch$/, replacement: path('./src/index.ts') }] },
  build: {
    target: 'es2022',
    minify: false,
    lib: { entry: { index: path('./src/index.ts') }, formats: ['es'] },
    rolldownOptions: { external: [/^[a-z@]/], output: { preserveModules: true, preserveModulesRoot: 'src' } },
  },
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    // Unhandled rejections and leaked handles are defects, not noise.
    dangerouslyIgnoreUnhandledErrors: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
