import { existsSync, globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const folders = globSync('nodes/*/goodparts-*.html', { cwd: root }).sort().map((file) => ({ type: basename(file, '.html'), folder: join(root, dirname(file)) }))

/** Texts by their whole key, `type.label.x`. */
function catalogue (folder: string, language: string, type: string): Map<string, string> {
  const texts = new Map<string, string>()
  const collect = (value: unknown, key: string): void => {
    if (typeof value === 'string') texts.set(key, value)
    else for (const [name, inner] of Object.entries(value as object)) collect(inner, key === '' ? name : `${key}.${name}`)
  }
  collect(JSON.parse(readFileSync(join(folder, 'locales', language, `${type}.json`), 'utf8')), '')
  return texts
}

const placeholders = (text: string): string[] => [...text.matchAll(/__\w+__/g)].map(([name]) => name).sort()

describe.each(folders)('$type', ({ type, folder }) => {
  const english = catalogue(folder, 'en-US', type)
  const korean = catalogue(folder, 'ko', type)

  test('has the same texts in English and Korean, with the same values in them', () => {
    expect([...korean.keys()].sort()).toEqual([...english.keys()].sort())
    for (const [key, text] of english) expect({ key, values: placeholders(korean.get(key)!) }).toEqual({ key, values: placeholders(text) })
  })

  test('has every text that its form and its code name', () => {
    const code = globSync('*.{ts,html}', { cwd: folder }).map((file) => readFileSync(join(folder, file), 'utf8')).join('\n')
    const named = new Set([...code.matchAll(/['"`\]](goodparts-[a-z-]+(?:\.[\w-]+){2,})['"`]/g)].map(([, key]) => key!).filter((key) => key.startsWith(`${type}.`) && !/\.(svg|html|json|ts|js)$/.test(key)))

    expect([...named].filter((key) => !english.has(key))).toEqual([])
  })

  test('explains itself in both languages', () => {
    for (const language of ['en-US', 'ko']) {
      const file = join(folder, 'locales', language, `${type}.html`)
      expect(existsSync(file), file).toBe(true)
      expect(readFileSync(file, 'utf8')).toContain(`<script type="text/markdown" data-help-name="${type}">`)
    }
  })
})
