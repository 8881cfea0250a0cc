/** What every family can be told of tiles and of regions of interest, checked before any work. */
import type { JsonValue } from '../../../schemas/bundle.ts'
import { numberFrom, readOptions } from '../option-rules.ts'
import type { Rule } from '../option-rules.ts'
import { areRegions } from '../../tiling/regions.ts'
import type { Tiling } from '../../tiling/looked-at.ts'
import { countsOf } from '../../tiling/tile-layout.ts'

/** As in `Tiling`, and `auto` for as many tiles as let the detector see the picture's own pixels. */
export type TilingOptions = Tiling

export const tilingDefaults: TilingOptions = { tiles: '1x1', overlap: 0.25, regions: [] }

/** Along each axis. */
export const mostTiles = 8

const tilesRule: Rule = {
  expected: `auto, or columns and rows as 3x2, each from 1 to ${mostTiles}`,
  holds: (value) => value === 'auto' || (typeof value === 'string' && /^\d+x\d+$/.test(value) && Object.values(countsOf(value)).every((count) => count >= 1 && count <= mostTiles))
}
const regionsRule: Rule = {
  expected: 'a list of { "box": [x, y, width, height] } or { "polygon": [[x, y], …] }, each with "exclude": true or without, in shares of the picture from 0 to 1, that leaves something to look at',
  holds: areRegions
}

const rules: Record<keyof TilingOptions, Rule> = { tiles: tilesRule, overlap: numberFrom(0, 0.5), regions: regionsRule }

/** Those of tiling, and those that are left for the family. @throws GOODPARTS_ARGUMENT for a value that an option cannot have. */
export function readTilingOptions (given: Readonly<Record<string, JsonValue>>): { tiling: TilingOptions, others: Record<string, JsonValue> } {
  const { ours, others } = apart(given)
  return { tiling: readOptions('tiling', rules, tilingDefaults, ours), others }
}

/** The same, unread. */
export function apart (given: Readonly<Record<string, JsonValue>>): { ours: Record<string, JsonValue>, others: Record<string, JsonValue> } {
  const isOurs = ([name]: [string, JsonValue]): boolean => Object.hasOwn(tilingDefaults, name)
  const entries = Object.entries(given)
  return { ours: Object.fromEntries(entries.filter(isOurs)), others: Object.fromEntries(entries.filter((entry) => !isOurs(entry))) }
}

/** Into how many tiles a bundle with these options cuts a picture. */
export function tilesOfPicture ({ tiles }: Readonly<Record<string, JsonValue>>): number {
  const { columns, rows } = countsOf(typeof tiles === 'string' ? tiles : tilingDefaults.tiles)
  return columns * rows
}
