/** Messages, help texts and forms send people to documents: a person who has the package alone must find them in it. */
import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
/** Rooms that the build puts into the package. */
const shipped = globSync('{schemas,engine,nodes,cli,native-pipelines,viewer,flows}/**/*.{ts,js,html,json}', { cwd: root })

test('every document that shipped code names is in the package', () => {
  const packed = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] })) as Array<{ files: Array<{ path: string }> }>
  const files = packed[0]?.files.map(({ path }) => path) ?? []
  const named = shipped.flatMap((file) => [...readFileSync(join(root, file), 'utf8').matchAll(/\b(?:docs|native-pipelines)\/[\w/.-]*\.md\b/g)].map(([path]) => path))
  expect(new Set(named).size).toBeGreaterThan(3)
  expect(files).toEqual(expect.arrayContaining([...new Set(named)]))
}, 120_000)
