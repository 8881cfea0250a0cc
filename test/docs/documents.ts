/** The Markdown files of the checkout, taken apart. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')
const elsewhere = /(^|\/)(node_modules|dist|examples|test-output|\.[^/]+)\//

export interface Document {
  /** Relative to the root. */
  path: string
  text: string
  /** Without code, in which a bracket is no link. */
  prose: string
}

export function documents (): Document[] {
  return globSync('**/*.md', { cwd: root, exclude: (name) => elsewhere.test(`${name}/`) }).sort().map((path) => {
    const text = readFileSync(join(root, path), 'utf8')
    return { path, text, prose: text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, '') }
  })
}

/** Targets of links and pictures, of Markdown and of HTML. */
export function linksOf ({ prose }: Document): string[] {
  return [...prose.matchAll(/\]\(\s*<?([^)>\s]+)>?[^)]*\)|(?:src|href)="([^"]+)"/g)].map(([, markdown, html]) => markdown ?? html ?? '')
}

/** Anchors that a renderer gives to the headings. */
export function anchorsOf ({ text }: Document): Set<string> {
  const headings = [...text.replace(/^```.*?^```/gms, '').matchAll(/^#{1,6} (.+)$/gm)]
  return new Set(headings.map(([, heading = '']) => heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').trim().replaceAll(' ', '-')))
}

/** Everything that is set as code: blocks and words, comments of the shell left out, continued lines joined. */
export function codeLinesOf ({ text }: Document): string[] {
  const blocks = [...text.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, block = '']) => block.replaceAll('\\\n', ' ').split('\n'))
  const words = [...text.replace(/^```.*?^```/gms, '').matchAll(/`([^`\n]+)`/g)].map(([, word = '']) => word)
  return [...blocks, ...words].map((line) => line.replace(/(^|\s)#\s.*$/, ''))
}
