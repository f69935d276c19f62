import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import LongestFirst from './test/support/longest-first.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [
      { find: /^authfetch$/, replacement: path('./src/index.ts') },
      { find: /^authfetch\/([\w-]+)$/, replacement: path('./src/$1.ts') },
    ],
  },
  build: {
    target: 'es2022',
    minify: false,
    lib: {
      entry: Object.fromEntries(
        ['index', 'login', 'dpop', 'audiences', 'react', 'vue', 'ky', 'devtools', 'service-worker', 'testing'].map(
          (name) => [name, path(`./src/${name}.ts`)],
        ),
      ),
      formats: ['es'],
    },
    rolldownOptions: {
      external: [/^[a-z@]/],
      output: { preserveModules: true, preserveModulesRoot: 'src' },
      // A test looks whether 'use client' is still there.
      checks: { moduleLevelDirective: false, pluginTimings: false },
    },
  },
  test: {
    // No token is printed or thrown by any test.
    reporters: [path('./test/leaks/reporter.ts'), 'default'],
    setupFiles: [path('./test/leaks/setup.ts')],
    projects: [
      {
        extends: true,
        test: {
          name: 'authfetch',
          include: ['test/**/*.test.{ts,tsx}'],
          maxConcurrency: 2,
        },
      },
      {
        extends: true,
        // Pages that draw need a machine that is not busy: these files come after all others, one at a time, and each plays
        // two tests side by side, because one leaves a core idle.
        test: {
          name: 'alone',
          include: ['test/**/*.alone.ts'],
          maxConcurrency: 2,
          maxWorkers: 1,
          sequence: { groupOrder: 1, concurrent: true },
        },
      },
      {
        extends: true,
        // What takes long, for `npm run test:slow`. Much of it mostly waits: tokens that live for seconds need a machine that is not
        // busy, so these files come one at a time.
        test: {
          name: 'slow',
          include: ['test/**/*.slow.ts'],
          maxConcurrency: 8,
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        resolve: {
          alias: [
            { find: /^(react|react-dom)(?=$|\/)/, replacement: path('./test/integrations/react-18/node_modules/$1') },
            // What it requires as CommonJS would stay React 19.
            { find: /^(@testing-library\/react)$/, replacement: path('./node_modules/$1/dist/$1.esm.js') },
          ],
        },
        test: {
          name: 'react-18',
          include: ['test/integrations/react.test.tsx'],
          env: { REACT: '18' },
          server: { deps: { inline: [/@testing-library\/react/] } },
        },
      },
      {
        extends: true,
        resolve: {
          alias: [
            { find: /^(vue|@vue\/server-renderer)$/, replacement: path('./test/integrations/vue-3.3/node_modules/$1') },
            { find: /^@testing-library\/vue$/, replacement: path('./test/integrations/vue-3.3/testing-library.ts') },
          ],
        },
        test: { name: 'vue-3.3', include: ['test/integrations/vue.test.ts'], env: { VUE: '3.3' } },
      },
    ],
    // Unhandled rejections and leaked handles are defects, not noise.
    dangerouslyIgnoreUnhandledErrors: false,
    // Tests with browsers wait more than they compute: one file more than there are cores.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
