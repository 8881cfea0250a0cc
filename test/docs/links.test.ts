/** Nothing that the documents name is missing: files, headings, commands and their options, scripts. */
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { anchorsOf, codeLinesOf, documents, linksOf, root } from './documents.ts'

const all = documents()
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string>, 'node-red': { nodes: Record<string, string> } }
const readme = all.find(({ path }) => path === 'README.md')

test.each(all.map((document) => ({ path: document.path, document })))('$path: every relative link leads somewhere', ({ document }) => {
  const broken = linksOf(document).filter((link) => !/^[a-z][a-z+.-]*:/i.test(link)).filter((link) => {
    const [file = '', anchor] = decodeURI(link).split('#')
    const target = file === '' ? join(root, document.path) : join(root, dirname(document.path), file)
    if (!existsSync(target)) return true
    if (anchor === undefined) return false
    const other = all.find(({ path }) => path === relative(root, target))
    return other === undefined || !anchorsOf(other).has(anchor)
  })
  expect(broken).toEqual([])
})

async function help (...command: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'cli', 'goodparts.ts'), ...command, '--help'])
  return stdout
}

function subcommands (text: string): string[] {
  const [, list = ''] = text.split('\nCommands:\n')
  return [...list.matchAll(/^ {2}([a-z][a-z-]*)/gm)].map(([, name = '']) => name).filter((name) => name !== 'help')
}

/** Every command with its help, subcommands as `bench score`. */
async function commandLine (): Promise<Map<string, string>> {
  const found = await Promise.all(subcommands(await help()).map(async (name): Promise<Array<[string, string]>> => {
    const text = await help(name)
    return [[name, text], ...await Promise.all(subcommands(text).map(async (below): Promise<[string, string]> => [`${name} ${below}`, await help(name, below)]))]
  }))
  return new Map(found.flat())
}

const known = await commandLine()

/** `goodparts …` as people type it: installed, by npx, or from a checkout; `npm run demo` is a command as well. */
const typed = /(?:^|[\s(])(?:npx |npm run )?goodparts(?: --)? ([a-z]+(?: [a-z]+)?)\b([^|;&>]*)|npm run (demo)(?: --)?([^|;&>]*)/g

test('every command and option that the documents name exists', () => {
  const wrong: string[] = []
  let found = 0
  for (const document of all) {
    for (const line of codeLinesOf(document)) {
      for (const [, words = '', rest = '', demo, demoRest = ''] of line.matchAll(typed)) {
        const name = demo ?? [words, words.split(' ')[0] ?? ''].find((candidate) => known.has(candidate)) ?? words
        const text = known.get(name)
        found++
        if (text === undefined) wrong.push(`${document.path}: goodparts ${name}`)
        const options = [...`${rest} ${demoRest}`.matchAll(/(?:^|\s)(--[a-z][a-z-]*|-[a-z])(?=[\s=]|$)/g)].map(([, option = '']) => option)
        for (const option of options) if (text !== undefined && !new RegExp(`(^|[\\s,])${option}(?![a-z-])`, 'm').test(text)) wrong.push(`${document.path}: goodparts ${name} ${option}`)
      }
    }
  }
  expect(wrong).toEqual([])
  expect(found).toBeGreaterThan(20)
})

test('the README names every command', () => {
  const named = [...known.keys()].filter((name) => name !== 'bench')
  expect(named.filter((name) => readme?.text.includes(`\`${name}`) !== true)).toEqual([])
})

test('the README names every node', () => {
  expect(Object.keys(manifest['node-red'].nodes).filter((type) => readme?.text.includes(`\`${type}\``) !== true)).toEqual([])
})

test('every npm script that the documents name exists', () => {
  const named = all.flatMap((document) => codeLinesOf(document).flatMap((line) => [...line.matchAll(/npm run ([a-z:]+)/g)].map(([, name = '']) => `${document.path}: ${name}`)))
  expect(named.filter((name) => manifest.scripts[name.split(': ')[1] ?? ''] === undefined)).toEqual([])
})
