// Every code block of the documents compiles.

import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { documentPaths, ROOT, readDocument } from './markdown.ts'
import { FOLDER, GIVEN, readSnippets, type Snippet, writeSnippets } from './snippets.ts'

const run = promisify(execFile)
const snippets = readSnippets()

/** TypeScript's words, each with the file it is about. */
const complaints: string[] = []

async function compile(config: string): Promise<string[]> {
  const output = await run(`${ROOT}/node_modules/.bin/tsc`, ['-p', config, '--pretty', 'false'], { cwd: FOLDER }).catch(
    (error: { stdout: string }) => error,
  )
  return output.stdout.split('\n').filter(Boolean)
}

beforeAll(async () => {
  for (const config of writeSnippets(snippets)) complaints.push(...(await compile(config)))
})

afterAll(() => rmSync(FOLDER, { recursive: true }))

const complaintsOn = ({ file }: Pick<Snippet, 'file'>): string[] =>
  complaints.filter((line) => line.startsWith(`${file}(`))

test.each(snippets)('the code at $place compiles', (snippet) => {
  expect([...snippet.faults, ...complaintsOn(snippet)]).toEqual([])
})

test('TypeScript complains of nothing else', () => {
  expect(
    complaints.filter((line) => !snippets.some(({ file }) => line.startsWith(`${file}(`)) && !/^\s/.test(line)),
  ).toEqual([])
})

test('two blocks of a document are never one file', () => {
  const files = snippets.map(({ file }) => file)
  expect(files.filter((file, index) => files.indexOf(file) !== index)).toEqual([])
})

test('a code block that does not compile is found', async () => {
  const broken = { language: 'ts', place: 'x.md:1', directives: [], faults: [], file: 'x/broken.ts' }
  const [config = ''] = writeSnippets([{ ...broken, code: 'auth.authfetch(5)' }])
  expect(await compile(config)).toEqual([expect.stringContaining("Property 'authfetch' does not exist")])
})

/** Languages that are not compiled here. */
const OTHER = ['sh', 'json', 'text', 'mermaid']

test.each(documentPaths())('%s has no code block of a language that nobody checks', (path) => {
  const { blocks, text } = readDocument(path)
  const known = snippets.map(({ language }) => language)
  expect(blocks.filter(({ language }) => !known.includes(language) && !OTHER.includes(language))).toEqual([])
  for (const { code, language } of blocks) if (language === 'json') JSON.parse(code)
  expect(text.match(/^\s*(```|~~~)/gm) ?? []).toHaveLength(blocks.length * 2)
})

test('the names that code blocks take as given are few', () => {
  expect(GIVEN.match(/^ {2}(const|function) /gm)?.length).toBeLessThan(8)
})
