/** What the editor knows of our nodes: each `*.editor.ts`, bundled as the build does and run in a context with a stub of the editor. */
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { createContext, runInContext } from 'node:vm'
import { buildSync } from 'esbuild'

export interface EditorProperty {
  value: unknown
  type?: string
  required?: boolean
  validate?: (this: object, value: unknown, options?: object) => unknown
}

export interface EditorDefinition {
  category: string
  defaults: Record<string, EditorProperty>
  credentials?: Record<string, unknown>
  inputs?: number
  outputs?: number
  oneditprepare?: (this: object) => void
  oneditcancel?: (this: object) => void
}

const root = join(import.meta.dirname, '..', '..')

/** `$`: what the forms find of their fields; `node`: what they find by its id. */
export function editorDefinitions ($: (selector: string) => object = () => ({ length: 0, val: () => undefined, is: () => false }), node: (id: string) => object | null = () => null): Map<string, EditorDefinition> {
  const definitions = new Map<string, EditorDefinition>()
  const validators = { number: () => () => true, regex: () => () => true, typedInput: () => () => true }
  const RED = { nodes: { registerType: (type: string, definition: EditorDefinition) => { definitions.set(type, definition) }, node }, validators }
  for (const file of globSync('nodes/*/*.editor.ts', { cwd: root })) {
    const { outputFiles: [script] } = buildSync({ entryPoints: [join(root, file)], bundle: true, format: 'iife', target: 'es2022', write: false })
    runInContext(script!.text, createContext({ RED, $ }), { filename: basename(file) })
  }
  return definitions
}
