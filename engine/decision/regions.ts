/** Regions of a map: connected cells (eight neighbours) that reach a limit. */
import type { Region } from '../../schemas/inspection.ts'

export interface RegionOptions {
  /** In the unit of the map. */
  limit: number
  /** Size of the frame that the map covers, in pixels. */
  frame: { width: number, height: number }
  /** Only the regions with the highest peaks are given. Default 20. */
  maximum?: number
  /** The first one that holds a region's peak names it. */
  zones?: readonly Zone[]
}

/** A named part of the picture. */
export interface Zone {
  name: string
  /** `[x, y, width, height]` in pixels of the frame. */
  box: readonly [number, number, number, number]
}

interface Component {
  left: number
  top: number
  right: number
  bottom: number
  cells: number
  peak: number
  peakCell: number
}

/** Highest peak first. `map.values` is `(height, width)`; cells that are not finite belong to no region. */
export function findRegions (map: { values: Float32Array, height: number, width: number }, { limit, frame, maximum = 20, zones = [] }: RegionOptions): Region[] {
  const scaleX = frame.width / map.width
  const scaleY = frame.height / map.height
  return highestFirst(map, limit).slice(0, maximum).map(({ left, top, right, bottom, cells, peak, peakCell }) => {
    const [x, y] = [Math.floor(left * scaleX), Math.floor(top * scaleY)]
    return {
      box: [x, y, Math.ceil((right + 1) * scaleX) - x, Math.ceil((bottom + 1) * scaleY) - y],
      areaShare: cells / map.values.length,
      peak,
      zone: zoneAt(zones, (peakCell % map.width + 0.5) * scaleX, (Math.floor(peakCell / map.width) + 0.5) * scaleY)
    }
  })
}

/** `map.values`, or a copy of them in which all but the `maximum` regions with the highest peaks lie below the limit. */
export function onlyHighest (map: { values: Float32Array, height: number, width: number }, { limit, maximum }: { limit: number, maximum: number }): Float32Array {
  const others = highestFirst(map, limit).slice(maximum)
  if (others.length === 0) return map.values
  const values = map.values.slice()
  const seen = new Uint8Array(values.length)
  const below = limit - Math.abs(limit) - 1
  for (const { peakCell } of others) flood(map, limit, seen, peakCell, (cell) => { values[cell] = below })
  return values
}

function highestFirst (map: { values: Float32Array, height: number, width: number }, limit: number): Component[] {
  return connectedComponents(map, limit).sort((a, b) => b.peak - a.peak)
}

function zoneAt (zones: readonly Zone[], x: number, y: number): string | null {
  return zones.find(({ box: [left, top, width, height] }) => x >= left && x < left + width && y >= top && y < top + height)?.name ?? null
}

function connectedComponents (map: { values: Float32Array, height: number, width: number }, limit: number): Component[] {
  const { values, height, width } = map
  const seen = new Uint8Array(values.length)
  const components: Component[] = []
  for (let start = 0; start < values.length; start++) {
    // Nearly all do not, in every map.
    if (!((values[start] as number) >= limit) || seen[start] !== 0 || !Number.isFinite(values[start])) continue
    const component: Component = { left: width, top: height, right: -1, bottom: -1, cells: 0, peak: -Infinity, peakCell: start }
    flood(map, limit, seen, start, (cell) => { include(component, cell % width, Math.floor(cell / width), values[cell] as number, cell) })
    components.push(component)
  }
  return components
}

/** Visits the cells of the region that `start` lies in, each once. */
function flood ({ values, height, width }: { values: Float32Array, height: number, width: number }, limit: number, seen: Uint8Array, start: number, visit: (cell: number) => void): void {
  const open = [start]
  seen[start] = 1
  for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
    visit(cell)
    const [x, y] = [cell % width, Math.floor(cell / width)]
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
        const neighbour = ny * width + nx
        if (seen[neighbour] !== 0 || !Number.isFinite(values[neighbour]) || (values[neighbour] as number) < limit) continue
        seen[neighbour] = 1
        open.push(neighbour)
      }
    }
  }
}

function include (component: Component, x: number, y: number, value: number, cell: number): void {
  component.left = Math.min(component.left, x)
  component.right = Math.max(component.right, x)
  component.top = Math.min(component.top, y)
  component.bottom = Math.max(component.bottom, y)
  component.cells++
  if (value > component.peak) [component.peak, component.peakCell] = [value, cell]
}
