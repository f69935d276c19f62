import { expect, test, vi } from 'vitest'
import { createEmitter } from '../../src/core/emitter.ts'

const create = () => {
  const reports: unknown[] = []
  return { reports, emitter: createEmitter<string>((error) => reports.push(error)) }
}

test('listeners are told in order', () => {
  const { emitter } = create()
  const heard: string[] = []
  emitter.add((detail) => heard.push(`a ${detail}`))
  emitter.add((detail) => heard.push(`b ${detail}`))
  emitter.emit('x')
  expect(heard).toEqual(['a x', 'b x'])
})

test('a listener that throws is reported, and the others are told', () => {
  const { emitter, reports } = create()
  const error = new Error('listener')
  const listener = vi.fn()
  emitter.add(() => {
    throw error
  })
  emitter.add(listener)
  emitter.emit('x')
  expect(reports).toEqual([error])
  expect(listener).toHaveBeenCalledWith('x')
})

test('the same function added twice is two listeners', () => {
  const { emitter } = create()
  const listener = vi.fn()
  const remove = emitter.add(listener)
  emitter.add(listener)
  emitter.emit('x')
  remove()
  remove()
  emitter.emit('y')
  expect(listener.mock.calls).toEqual([['x'], ['x'], ['y']])
})

test('a listener added or removed while others are told is no surprise', () => {
  const { emitter } = create()
  const late = vi.fn()
  const remove = emitter.add(() => {
    remove()
    emitter.add(late)
  })
  emitter.emit('x')
  expect(late).not.toHaveBeenCalled()
  emitter.emit('y')
  expect(late.mock.calls).toEqual([['y']])
})

test('after `clear` nobody is told', () => {
  const { emitter } = create()
  const listener = vi.fn()
  emitter.add(listener)
  emitter.clear()
  emitter.emit('x')
  expect(listener).not.toHaveBeenCalled()
})
