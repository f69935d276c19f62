// Telling listeners.

import { expect, test, vi } from 'vitest'
import { createEmitter } from '../../src/core/emitter.ts'

interface Events {
  readonly said: string
  readonly unheard: string
}

const create = () => {
  const reports: unknown[] = []
  return { reports, emitter: createEmitter<Events>((error) => reports.push(error)) }
}

test('listeners are told in order', () => {
  const { emitter } = create()
  const heard: string[] = []
  emitter.on('said', (detail) => heard.push(`a ${detail}`))
  emitter.on('said', (detail) => heard.push(`b ${detail}`))
  emitter.emit('said', 'x')
  expect(heard).toEqual(['a x', 'b x'])
})

test('listeners are told of what they listen to alone', () => {
  const { emitter } = create()
  const listener = vi.fn()
  emitter.on('said', listener)
  emitter.emit('unheard', 'x')
  expect(listener).not.toHaveBeenCalled()
})

test('a listener that throws is reported, and the others are told', () => {
  const { emitter, reports } = create()
  const error = new Error('listener')
  const listener = vi.fn()
  emitter.on('said', () => {
    throw error
  })
  emitter.on('said', listener)
  emitter.emit('said', 'x')
  expect(reports).toEqual([error])
  expect(listener).toHaveBeenCalledWith('x')
})

test('the same function added twice is two listeners', () => {
  const { emitter } = create()
  const listener = vi.fn()
  const remove = emitter.on('said', listener)
  emitter.on('said', listener)
  emitter.emit('said', 'x')
  remove()
  remove()
  emitter.emit('said', 'y')
  expect(listener.mock.calls).toEqual([['x'], ['x'], ['y']])
})

test('a listener added or removed while others are told is no surprise', () => {
  const { emitter } = create()
  const late = vi.fn()
  const remove = emitter.on('said', () => {
    remove()
    emitter.on('said', late)
  })
  emitter.emit('said', 'x')
  expect(late).not.toHaveBeenCalled()
  emitter.emit('said', 'y')
  expect(late.mock.calls).toEqual([['y']])
})

test('after `clear` nobody is told', () => {
  const { emitter } = create()
  const listener = vi.fn()
  emitter.on('said', listener)
  emitter.clear()
  emitter.emit('said', 'x')
  expect(listener).not.toHaveBeenCalled()
})
