/** docs/detectors.md names every option of every family, and none that there is not. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { fittable } from '../../engine/detectors/registry.ts'
import { tilingDefaults } from '../../engine/detectors/tiling/options.ts'

const sections = readFileSync(join(import.meta.dirname, '../../docs/detectors.md'), 'utf8').split(/^## /m)

/** Names in the first column of the section's table of options; what stands in brackets is an option of the command. */
function documented (heading: string): string[] {
  const section = sections.find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const [, table = ''] = section.split(/^\| option \|.*\n\|[-|]+\n/m)
  const rows = /^(?:\|.*\n)*/.exec(table)?.[0].trim().split('\n') ?? []
  return rows.flatMap((row) => [...(row.split('|')[1] ?? '').replaceAll(/\(.*?\)/g, '').matchAll(/`(\w+)`/g)].map(([, name = '']) => name))
}

describe('the documented options', () => {
  it.each(fittable.map((detector) => [detector.family, detector] as const))('of %s are those that there are, each once', (family, { defaults }) => {
    const own = Object.keys(defaults).filter((name) => !Object.hasOwn(tilingDefaults, name))
    expect(documented(family).sort()).toEqual(own.sort())
  })

  it('of tiles are in a table of their own', () => {
    expect(documented('Tiles: small defects on large pictures').sort()).toEqual(Object.keys(tilingDefaults).sort())
  })
})
