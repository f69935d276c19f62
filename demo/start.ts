// `npm run demo`: the page and its server on one address.

import { mkdirSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createServer } from 'vite'
import { createDemoServer } from './server/server.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

mkdirSync(path('../.data'), { recursive: true })
const auth = await createDemoServer({ file: path('../.data/demo.sqlite') })
const http = createHttpServer((request, response) =>
  auth.handle(request, response, () => vite.middlewares(request, response)),
)
const vite = await createServer({
  root: path('.'),
  configFile: path('../vite.config.ts'),
  server: { middlewareMode: { server: http } },
})
http.listen(Number(process.env.PORT ?? 5173), 'localhost', () => {
  const address = http.address()
  const port = typeof address === 'object' && address ? address.port : ''
  console.log(`authfetch demo: http://localhost:${port}/`)
})
