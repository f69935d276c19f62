// What a source file declares, with the documentation comments.

import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import { type ESTree, type ParseResult, parseSync } from 'vite'
import { ROOT } from './markdown.ts'

/** A documentation comment. */
export interface Comment {
  readonly text: string
  readonly tags: readonly { readonly name: string; readonly text: string }[]
}

export interface Member {
  readonly name: string
  /** As a caller writes it: `on(event, listener): () => void`, or the type of a property. */
  readonly signature: string
  readonly isMethod: boolean
  readonly isOptional: boolean
  readonly comment: Comment | undefined
}

export interface Declaration {
  readonly name: string
  readonly kind: 'function' | 'class' | 'interface' | 'type' | 'constant'
  /** Relative to the root. */
  readonly file: string
  /** The declaration without its body, or with it where the body is the type. */
  readonly signature: string
  readonly members: readonly Member[]
  readonly comment: Comment | undefined
}

interface Module {
  readonly source: string
  readonly program: ESTree.Program
  readonly comments: ParseResult['comments']
}

const modules = new Map<string, Module>()

/** Reads a file, once. */
export function parse(file: string): Module {
  const known = modules.get(file)
  if (known) return known
  const source = readFileSync(file, 'utf8')
  const { program, comments } = parseSync(file, source)
  const module = { source, program, comments }
  modules.set(file, module)
  return module
}

export function declare(file: string, statement: ESTree.Statement, node: ESTree.Declaration): Declaration {
  const module = parse(file)
  const text = (from: number, to: number): string => module.source.slice(from, to).trim()
  const flat = (from: number, to: number): string => oneLine(text(from, to))
  const common = { file: relative(ROOT, file), comment: commentBefore(module, statement.start) }
  switch (node.type) {
    case 'FunctionDeclaration':
      return {
        ...common,
        kind: 'function',
        name: node.id?.name ?? '',
        signature: flat(node.start, node.body?.start ?? node.end).replace(/^async /, ''),
        members: [],
      }
    case 'VariableDeclaration': {
      const { id } = node.declarations[0] as ESTree.VariableDeclarator
      const name = 'name' in id ? id.name : ''
      return { ...common, kind: 'constant', name, signature: `const ${flat(id.start, id.end)}`, members: [] }
    }
    case 'TSTypeAliasDeclaration':
      return { ...common, kind: 'type', name: node.id.name, signature: text(node.start, node.end), members: [] }
    case 'TSInterfaceDeclaration':
      return {
        ...common,
        kind: 'interface',
        name: node.id.name,
        signature: flat(node.start, node.body.start),
        members: node.body.body.map((member) => declareMember(module, member)),
      }
    case 'ClassDeclaration': {
      const members = node.body.body.filter((member) => !('accessibility' in member && member.accessibility))
      return {
        ...common,
        kind: 'class',
        name: node.id?.name ?? '',
        signature: flat(node.start, node.body.start),
        members: members.map((member) => declareMember(module, member)),
      }
    }
    default:
      throw new Error(`${common.file}: ${node.type} is not known to the reference`)
  }
}

function declareMember(module: Module, member: ESTree.TSSignature | ESTree.ClassElement): Member {
  const text = (from: number, to: number): string => oneLine(module.source.slice(from, to))
  const comment = commentBefore(module, member.start)
  switch (member.type) {
    case 'TSPropertySignature':
    case 'PropertyDefinition':
    case 'TSAbstractPropertyDefinition': {
      const { key, typeAnnotation } = member
      const given = typeAnnotation ? text(typeAnnotation.start + 1, typeAnnotation.end) : undefined
      const value = 'value' in member && member.value ? text(member.value.start, member.value.end) : ''
      return {
        name: text(key.start, key.end),
        signature: (given ?? value).trim(),
        isMethod: false,
        isOptional: member.optional === true,
        comment,
      }
    }
    case 'TSMethodSignature':
      return {
        name: text(member.key.start, member.key.end),
        signature: text(member.start, member.end),
        isMethod: true,
        isOptional: member.optional === true,
        comment,
      }
    case 'TSCallSignatureDeclaration':
      return { name: '', signature: text(member.start, member.end), isMethod: true, isOptional: false, comment }
    case 'MethodDefinition':
      return {
        name: text(member.key.start, member.key.end),
        signature: text(member.start, member.value.body?.start ?? member.end),
        isMethod: true,
        isOptional: false,
        comment,
      }
    default:
      throw new Error(`${member.type} is not known to the reference`)
  }
}

const oneLine = (text: string): string =>
  text
    // Members of an object type are told apart by lines as well.
    .replace(/([\w\])}>'])\n\s*(?=readonly\b|'?[\w-]+'?\??:)/g, '$1; ')
    .replace(/\s+/g, ' ')
    .replace(/([([{<]) /g, (_, open) => (open === '{' ? '{ ' : open))
    .replace(/,? ([)\]>])/g, '$1')
    .trim()

function commentBefore({ source, comments }: Module, position: number): Comment | undefined {
  const found = comments.filter(({ end }) => end <= position).at(-1)
  if (!found?.value.startsWith('*') || source.slice(found.end, position).trim()) return undefined
  // A file's header is not the comment of what follows it.
  if (/\n\s*\n/.test(source.slice(found.end, position))) return undefined
  const lines = found.value
    .slice(1)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
  const [text = '', ...tags] = lines
    .join('\n')
    .trim()
    .split(/^(?=@\w)/m)
  return {
    text: text.trim(),
    tags: tags.map((tag) => {
      const [, name = '', rest = ''] = /^@(\w+)\s*([\s\S]*)$/.exec(tag) ?? []
      return { name, text: rest.trim() }
    }),
  }
}
