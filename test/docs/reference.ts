// Writes the API reference from the comments of the source.

import GithubSlugger from 'github-slugger'
import type { Comment, Declaration, Member } from './declarations.ts'
import { type EntryPoint, mentionedBy, readEntryPoints } from './entry-points.ts'

const INTRODUCTION = `# API reference

Written by \`npm run docs\` from the comments of the source; a test checks that it is up to date.

Times are in milliseconds, and instants, whose names end in \`At\`, in milliseconds since the epoch. What comes from a
token response keeps its name and its unit on the wire: \`expires_in\` is in seconds. Misuse throws a \`TypeError\` that
names the option; what goes wrong later is an [\`AuthError\`](#autherror) with a literal \`code\`.
`

/** The package holds no source: the links must lead somewhere from there, too. */
const REPOSITORY = 'https://github.com/authfetch/authfetch/blob/main'

const MENTIONED = 'Types mentioned above, which are not exported'

/** What everybody looks for. */
const FIRST = ['createAuthClient', 'AuthClientOptions', 'AuthClient']

const ORDER: readonly Declaration['kind'][] = ['function', 'constant', 'class', 'interface', 'type']

/** Where each name is on the page. */
type Anchors = ReadonlyMap<Declaration, string>

export function writeReference(): string {
  const exported = readEntryPoints()
  const mentioned = mentionedBy(exported.flatMap(({ declarations }) => declarations))
  const entries = [...exported, { name: MENTIONED, declarations: mentioned }].map(({ name, declarations }) => {
    const first = FIRST.flatMap((one) => declarations.filter((declaration) => declaration.name === one))
    const rest = declarations.filter((one) => !first.includes(one))
    return { name, declarations: [...first, ...ORDER.flatMap((kind) => rest.filter((one) => one.kind === kind))] }
  })
  const slugger = new GithubSlugger()
  slugger.slug('API reference')
  const anchors = new Map<Declaration, string>()
  for (const { name, declarations } of entries) {
    slugger.slug(name)
    for (const one of declarations) anchors.set(one, slugger.slug(one.name))
  }
  const sections = entries.map((entry) => writeEntry(entry, entries, anchors))
  return [INTRODUCTION, ...sections].join('\n')
}

function writeEntry(entry: EntryPoint, entries: readonly EntryPoint[], anchors: Anchors): string {
  const known = [...entry.declarations, ...entries.flatMap(({ declarations }) => declarations)]
  const linkTo = (name: string): string => {
    const found = known.find((one) => one.name === name.split('.')[0])
    return found ? `[\`${name}\`](#${anchors.get(found)})` : `\`${name}\``
  }
  const names = entry.declarations.map(({ name }) => linkTo(name)).join(' · ')
  const parts = entry.declarations.map((one) => writeDeclaration(one, linkTo))
  return [`## ${entry.name}\n`, `${names}\n`, ...parts].join('\n')
}

type LinkTo = (name: string) => string

function writeDeclaration(declaration: Declaration, linkTo: LinkTo): string {
  const { name, kind, signature, members, comment, file } = declaration
  const parts = [`### ${name}`]
  if (kind === 'interface') parts.push(...extensionOf(signature, linkTo))
  else parts.push(`\`\`\`ts\n${[signature, ...constructorsOf(declaration)].join('\n')}\n\`\`\``)
  parts.push(...writeComment(comment, linkTo))
  const told = members.filter((member) => kind !== 'class' || isTold(member))
  if (told.some(({ isMethod }) => isMethod)) parts.push(writeList(told, linkTo))
  else if (told.length > 0) parts.push(writeTable(told, linkTo))
  parts.push(`<sub>[${file}](${REPOSITORY}/${file})</sub>`)
  return `${parts.join('\n\n')}\n`
}

const constructorsOf = ({ name, members }: Declaration): string[] =>
  members
    .filter((member) => member.name === 'constructor')
    .map(({ signature }) => signature.replace(/^constructor/, `new ${name}`))

/** The name of an error is that of its class. */
const isTold = ({ name }: Member): boolean => name !== 'constructor' && name !== 'name'

function extensionOf(signature: string, linkTo: LinkTo): string[] {
  const extended = /\bextends (.*)$/.exec(signature)?.[1]
  return extended ? [`Extends ${/^\w+$/.test(extended) ? linkTo(extended) : `\`${extended}\``}.`] : []
}

function writeComment(comment: Comment | undefined, linkTo: LinkTo): string[] {
  if (!comment) return []
  return [textOf(comment.text, linkTo), ...comment.tags.filter(({ name }) => name !== 'default').map(writeTag)]

  function writeTag({ name, text }: Comment['tags'][number]): string {
    const prose = textOf(text, linkTo)
    if (name === 'throws') return `**Throws** ${prose.replace(/^(\w+Error)\b/, (error) => linkTo(error))}.`
    if (name === 'param') return `**\`${prose.split(' ')[0]}\`** is ${prose.split(' ').slice(1).join(' ')}.`
    if (name === 'see') return `**See** ${citation(prose)}.`
    throw new Error(`the tag @${name} is not known to the reference`)
  }
}

/** An RFC is cited by its number and section. */
function citation(text: string): string {
  const [, url = '', rest = ''] = /^(\S+)\s*(.*)$/.exec(text) ?? []
  const [, number, section] = /rfc(\d+)(?:#section-([\d.]+))?$/.exec(url) ?? []
  const label = number ? `RFC ${number}${section ? ` section ${section}` : ''}` : url
  return `[${label}](${url})${rest && `: ${rest}`}`
}

const textOf = (text: string, linkTo: LinkTo): string => text.replace(/\{@link ([\w.]+)\}/g, (_, name) => linkTo(name))

const cell = (text: string): string => text.replace(/\s*\n\s*/g, ' ').replaceAll('|', '\\|')

function writeTable(members: readonly Member[], linkTo: LinkTo): string {
  const rows = members.map(({ name, signature, isOptional, comment }) => {
    const preset = comment?.tags.find((tag) => tag.name === 'default')?.text
    const type = /^\w+$/.test(signature) ? linkTo(signature) : `\`${signature}\``
    const title = `\`${name}${isOptional ? '?' : ''}\``
    return [title, type, preset && presetOf(preset), comment && textOf(comment.text, linkTo)]
  })
  const hasDefaults = rows.some(([, , preset]) => preset)
  const table = [['member', 'type', 'default', 'meaning'], ['---', '---', '---', '---'], ...rows]
  return table
    .map((row) => row.filter((_, column) => column !== 2 || hasDefaults).map((part) => cell(part ?? '')))
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n')
}

/** A value is code; a sentence is not. */
function presetOf(text: string): string {
  return /^('.*'|[\d_]+|\{.*\}|true|false|Infinity|undefined)$/.test(text) ? `\`${text}\`` : text
}

function writeList(members: readonly Member[], linkTo: LinkTo): string {
  return members
    .map(({ name, signature, isMethod, isOptional, comment }) => {
      const title = isMethod ? signature : `${name}${isOptional ? '?' : ''}: ${signature}`
      const text = writeComment(comment, linkTo).join('\n\n')
      return `- **\`${title.replace(/;$/, '')}\`**${text && `\n\n${text}`}`.replace(/\n(?=[^\n])/g, '\n  ')
    })
    .join('\n')
}
