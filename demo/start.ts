// `npm run demo`: sessions survive a restart, in a file that git ignores.

import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { serveDemo } from './serve.ts'

const folder = fileURLToPath(new URL('../.data', import.meta.url))
mkdirSync(folder, { recursive: true })
const { origin } = await serveDemo(`${folder}/demo.sqlite`, Number(process.env.PORT ?? 5173)).catch(() =>
  // Another demo has the usual port.
  serveDemo(`${folder}/demo.sqlite`, 0),
)
console.log(`authfetch demo: ${origin}/`)
