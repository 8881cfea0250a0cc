import { expect, it } from 'vitest'
import { pageAddress } from '../../../nodes/shared/editor/page-address.ts'

it.each([
  ['127.0.0.1', '', 'http://localhost:8765/'],
  ['0.0.0.0', '_ADD_', 'http://editor.example:8765/'],
  ['::', 'tls', 'https://editor.example:8765/'],
  ['line.example', undefined, 'http://line.example:8765/']
])('the page of a server on %s is found', (host, tls, address) => {
  expect(pageAddress({ host, port: '8765', tls }, 'editor.example')).toBe(address)
})
