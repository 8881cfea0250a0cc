import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { editorDefinitions } from './editor-definitions.ts'

interface FlowNode extends Record<string, unknown> {
  id: string
  type: string
  z?: string
  g?: string
  x?: number
  y?: number
  w?: number
  h?: number
  name?: string
  info?: string
  wires?: string[][]
  nodes?: string[]
}

const root = join(import.meta.dirname, '..', '..')
const files = globSync('flows/*.json', { cwd: root }).sort()
const flows = files.map((file) => ({ file: basename(file), nodes: JSON.parse(readFileSync(join(root, file), 'utf8')) as FlowNode[] }))
const definitions = editorDefinitions(undefined, (id) => flows.flatMap(({ nodes }) => nodes).find((node) => node.id === id) ?? null)
const coreTypes = typesOfNodeRed()
/** What Node-RED itself writes beside a node's own properties. */
const structural = new Set(['id', 'type', 'z', 'g', 'x', 'y', 'wires', 'd', 'l', 'info', 'name'])

function typesOfNodeRed (): Set<string> {
  const folder = join(dirname(createRequire(import.meta.url).resolve('@node-red/nodes/package.json')), 'core')
  const html = globSync('**/*.html', { cwd: folder, exclude: ['**/locales/**'] }).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
  return new Set([...html.matchAll(/registerType\(['"]([^'"]+)['"]/g)].map(([, type]) => type!).concat('tab', 'group'))
}

const onCanvas = (nodes: FlowNode[]): FlowNode[] => nodes.filter(({ type, x }) => x !== undefined && type !== 'group')

test('every node of the palette is in some flow', () => {
  const used = new Set(flows.flatMap(({ nodes }) => nodes.map(({ type }) => type)))
  const palette = [...definitions].filter(([, { category }]) => category !== 'config').map(([type]) => type)

  expect(palette.length).toBeGreaterThan(0)
  expect(palette.filter((type) => !used.has(type))).toEqual([])
})

describe.each(flows)('$file', ({ file, nodes }) => {
  const byId = new Map(nodes.map((node) => [node.id, node]))

  test('has a title, unique ids and known types', () => {
    expect(file).toMatch(/^\d\d - [A-Z].*\.json$/)
    expect(nodes.filter(({ type }) => type === 'tab').map(({ label }) => label)).toEqual([file.slice(5, -5)])
    expect(byId.size).toBe(nodes.length)
    expect(nodes.map(({ type }) => type).filter((type) => !definitions.has(type) && !coreTypes.has(type))).toEqual([])
  })

  test('wires every output to nodes of its own tab', () => {
    for (const { id, z, type, wires = [] } of nodes) {
      const outputs = definitions.get(type)?.outputs
      if (outputs !== undefined) expect({ id, outputs: wires.length }).toEqual({ id, outputs })
      for (const target of wires.flat()) expect({ id, target, z: byId.get(target)?.z }).toEqual({ id, target, z })
    }
  })

  test('gives our nodes all their properties, no others, and values that the editor accepts', () => {
    for (const node of nodes) {
      const definition = definitions.get(node.type)
      if (definition === undefined) continue
      const given = Object.keys(node).filter((key) => !structural.has(key)).sort()
      const known = Object.keys(definition.defaults).filter((key) => !structural.has(key)).sort()
      expect({ id: node.id, given }).toEqual({ id: node.id, given: known })
      for (const [key, { type, required, validate }] of Object.entries(definition.defaults)) {
        const value = node[key]
        const name = `${node.id}.${key}`
        if (required === true) expect(value, name).not.toBe('')
        if (type !== undefined && value !== '') expect(byId.get(value as string)?.type, name).toBe(type)
        if (validate !== undefined) expect(validate.call({ ...node, _: (text: string) => text }, value, {}), name).toBe(true)
      }
    }
  })

  test('lies on the grid without overlaps', () => {
    const canvas = onCanvas(nodes)
    for (const { id, x, y } of canvas) expect([x! % 20, y! % 20], id).toEqual([0, 0])
    for (const [i, one] of canvas.entries()) {
      for (const other of canvas.slice(i + 1)) {
        expect(Math.abs(one.y! - other.y!) >= 40 || Math.abs(one.x! - other.x!) >= 160, `${one.id} and ${other.id}`).toBe(true)
      }
    }
  })

  test('keeps groups and their members together', () => {
    for (const group of nodes.filter(({ type }) => type === 'group')) {
      const members = nodes.filter(({ g }) => g === group.id)
      expect(group.nodes!.toSorted(), group.id).toEqual(members.map(({ id }) => id).sort())
      for (const { id, x, y } of members) {
        const inside = x! - 60 >= group.x! && x! + 60 <= group.x! + group.w! && y! - 20 >= group.y! && y! + 20 <= group.y! + group.h!
        expect(inside, `${id} in ${group.id}`).toBe(true)
      }
    }
  })

  test('says in a comment what it shows, and is in the table of flows', () => {
    const [comment] = nodes.filter(({ type }) => type === 'comment')

    expect(comment?.info?.length).toBeGreaterThan(80)
    expect(readFileSync(join(root, 'flows', 'README.md'), 'utf8')).toContain(file.slice(0, -5))
  })
})

test.each(flows.filter(({ file }) => /^0[12]/.test(file)))('$file shows where a gate goes: whatever the verdict, no heatmap comes before it', ({ nodes }) => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const score = nodes.find(({ type }) => type === 'goodparts-score')
  const paths = score?.wires?.map((targets) => targets.map((id) => byId.get(id)).filter((node) => node?.type === 'change')) ?? []

  expect(paths.map((path) => path.map((node) => node?.name))).toEqual([['pass'], ['stop'], ['stop'], ['stop']])
  expect(new Set(paths.flat().flatMap((node) => node?.wires?.flat()).map((id) => byId.get(id ?? '')?.name))).toEqual(new Set(['gate: wire it here']))
})

test('all flows can be imported and deployed beside each other', () => {
  const all = flows.flatMap(({ nodes }) => nodes)
  const twice = (values: unknown[]): unknown[] => values.filter((value, index) => values.indexOf(value) !== index)

  expect(twice(all.map(({ id }) => id))).toEqual([])
  expect(twice(all.filter(({ type }) => type === 'goodparts-live-server').map(({ port }) => port))).toEqual([])
  expect(twice(all.filter(({ type }) => type === 'goodparts-score').map(({ line }) => line))).toEqual([])
  expect(twice(all.filter(({ type }) => ['goodparts-capture', 'goodparts-image-in'].includes(type)).map(({ source }) => source))).toEqual([])
})
