import { expect, it } from 'vitest'
import { canonicalJson } from '../engine/canonical-json.ts'

it('gives equal values equal text, whatever the order of their names', () => {
  const text = canonicalJson({ b: [{ d: 1, c: null }], a: { z: 'é', y: 0.1 }, 10: true, 9: false })

  expect(text).toBe(canonicalJson({ 9: false, a: { y: 0.1, z: 'é' }, 10: true, b: [{ c: null, d: 1 }] }))
  expect(JSON.parse(text)).toEqual({ a: { y: 0.1, z: 'é' }, b: [{ c: null, d: 1 }], 9: false, 10: true })
})
