/** The texts of a node, as its form asks the editor for them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..', '..')

/** @throws Error for a text that the node has not */
export function editorTexts (node: string, language: 'en-US' | 'ko' = 'en-US'): (key: string, values?: Record<string, number>) => string {
  const catalogue = JSON.parse(readFileSync(join(root, 'nodes', node, 'locales', language, `goodparts-${node}.json`), 'utf8')) as object
  return (key, values = {}) => {
    const text = key.split('.').reduce<unknown>((found, name) => (found as Record<string, unknown> | undefined)?.[name], catalogue)
    if (typeof text !== 'string') throw new Error(`no text ${key}`)
    return text.replace(/__(\w+)__/g, (_, name: string) => String(values[name]))
  }
}
