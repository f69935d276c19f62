// `npm run docs`: writes what the documents take from elsewhere.

import { writeFileSync } from 'node:fs'
import { fillFigures } from './figures.ts'
import { documentPaths, ROOT, readDocument } from './markdown.ts'
import { writeReference } from './reference.ts'

writeFileSync(`${ROOT}/docs/api.md`, writeReference())
for (const path of documentPaths()) {
  const { text } = readDocument(path)
  const filled = fillFigures(text)
  if (filled !== text) writeFileSync(`${ROOT}/${path}`, filled)
}
