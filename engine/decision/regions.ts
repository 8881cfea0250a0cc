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
  return connectedComponents(map, limit).sort((a, b) => b.peak - a.peak).slice(0, maximum).map(({ left, top, right, bottom, cells, peak, peakCell }) => {
    const [x, y] = [Math.floor(left * scaleX), Math.floor(top * scaleY)]
    return {
      box: [x, y, Math.ceil((right + 1) * scaleX) - x, Math.ceil((bottom + 1) * scaleY) - y],
      areaShare: cells / map.values.length,
      peak,
      zone: zoneAt(zones, (peakCell % map.width + 0.5) * scaleX, (Math.floor(peakCell / map.width) + 0.5) * scaleY)
    }
  })
}

function zoneAt (zones: readonly Zone[], x: number, y: number): string | null {
  return zones.find(({ box: [left, top, width, height] }) => x >= left && x < left + width && y >= top && y < top + height)?.name ?? null
}

function connectedComponents ({ values, height, width }: { values: Float32Array, height: number, width: number }, limit: number): Component[] {
  const seen = new Uint8Array(values.length)
  const reaches = (cell: number): boolean => seen[cell] === 0 && Number.isFinite(values[cell]) && (values[cell] as number) >= limit
  const components: Component[] = []
  for (let start = 0; start < values.length; start++) {
    // Nearly all do not, in every map.
    if (!((values[start] as number) >= limit) || !reaches(start)) continue
    const component: Component = { left: width, top: height, right: -1, bottom: -1, cells: 0, peak: -Infinity, peakCell: start }
    const open = [start]
    seen[start] = 1
    for (let cell = open.pop(); cell !== undefined; cell = open.pop()) {
      const [x, y] = [cell % width, Math.floor(cell / width)]
      include(component, x, y, values[cell] as number, cell)
      for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
        for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) {
          const neighbour = ny * width + nx
          if (!reaches(neighbour)) continue
          seen[neighbour] = 1
          open.push(neighbour)
        }
      }
    }
    components.push(component)
  }
  return components
}

function include (component: Component, x: number, y: number, value: number, cell: number): void {
  component.left = Math.min(component.left, x)
  component.right = Math.max(component.right, x)
  component.top = Math.min(component.top, y)
  component.bottom = Math.max(component.bottom, y)
  component.cells++
  if (value > component.peak) [component.peak, component.peakCell] = [value, cell]
}
