import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { validate, type SchemaName } from '../../engine/schema-validation.ts'
import { generateSchemas } from '../../scripts/generate-schemas.ts'

const folder = join(import.meta.dirname, '..', '..', 'schemas')
const generated = generateSchemas()
const names = [...generated.keys()].map((file) => file.replace('.schema.json', '') as SchemaName)

function examples (name: string, kind: 'valid' | 'invalid'): Array<[string, unknown]> {
  const path = join(folder, 'examples', name, kind)
  return readdirSync(path).map((file) => [file, JSON.parse(readFileSync(join(path, file), 'utf8')) as unknown])
}

describe('generated schemas', () => {
  it('are the ones committed, byte for byte', () => {
    const committed = readdirSync(folder).filter((file) => file.endsWith('.schema.json')).sort()
    expect(committed).toEqual([...generated.keys()].sort())
    for (const [file, text] of generated) expect(readFileSync(join(folder, file), 'utf8'), `${file}: run npm run schemas`).toBe(text)
  })

  it('carry no path of the machine that made them', () => {
    for (const text of generated.values()) {
      expect(text).not.toContain('import(')
      expect(text).not.toContain(folder)
    }
  })

  it('cover every file of types', () => {
    // Others hold what page and engine compute alike, and nothing that leaves a process.
    const ofTypes = readdirSync(folder).filter((file) => file.endsWith('.ts') && !/^export (function|const) /m.test(readFileSync(join(folder, file), 'utf8')))
    expect(names).toEqual(ofTypes.map((file) => file.replace('.ts', '')).sort())
  })
})

describe.each(names)('schema %s', (name) => {
  it.each(examples(name, 'valid'))('accepts %s', (_file, value) => {
    expect(validate(name, value)).toBe(value)
  })

  it.each(examples(name, 'invalid'))('refuses %s', (_file, value) => {
    expect(() => validate(name, value)).toThrow(expect.objectContaining({ code: 'GOODPARTS_SCHEMA_INVALID' }) as Error)
  })

  it('refuses what is no object', () => {
    for (const value of [null, 'text', 3, []]) expect(() => validate(name, value)).toThrow(/^Expected /)
  })
})
