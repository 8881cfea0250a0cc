/** A canvas that shows one part, its heatmap and its regions, and repaints when the sliders move. */
import type { InspectionRecord } from '../schemas/inspection.ts'
import { element } from './element.ts'
import { paintMap, type HeatmapSettings } from './heatmap.ts'
import type { Packet } from './packet.ts'
import { frameOf, strongest } from './regions.ts'

export class Picture {
  readonly canvas: HTMLCanvasElement
  #bitmap: ImageBitmap | undefined
  #packet: Packet | undefined
  /** Number of the latest picture: one that is decoded after it must not cover it. */
  #turn = 0
  #settings: HeatmapSettings
  readonly #layer = document.createElement('canvas')
  /** Longest edge in pixels that is worth keeping; larger pictures are scaled down when decoded. */
  readonly #longest: number | undefined

  constructor (settings: HeatmapSettings, longest?: number) {
    this.#settings = settings
    this.#longest = longest
    this.canvas = element('canvas', { width: '4', height: '3' })
  }

  /** Decodes off the main thread, then paints. */
  async show (packet: Packet): Promise<void> {
    const turn = ++this.#turn
    const { width, height } = packet.header.frame
    const scale = Math.min(1, (this.#longest ?? Infinity) / Math.max(width, height))
    const blob = new Blob([packet.jpeg], { type: 'image/jpeg' })
    const bitmap = await createImageBitmap(blob, { resizeWidth: Math.round(width * scale), resizeHeight: Math.round(height * scale), resizeQuality: 'medium' })
    if (turn !== this.#turn) {
      bitmap.close()
      return
    }
    this.#bitmap?.close()
    this.#bitmap = bitmap
    this.#packet = packet
    this.#paint()
  }

  /** Nothing is shown, whatever is on its way. */
  clear (): void {
    this.#turn++
    this.#bitmap?.close()
    this.#bitmap = undefined
    this.#packet = undefined
    this.canvas.getContext('2d')?.clearRect(0, 0, this.canvas.width, this.canvas.height)
  }

  restyle (settings: HeatmapSettings): void {
    this.#settings = settings
    this.#paint()
  }

  #paint (): void {
    const bitmap = this.#bitmap
    const packet = this.#packet
    const context = this.canvas.getContext('2d')
    if (bitmap === undefined || packet === undefined || context === null) return
    if (this.canvas.width !== bitmap.width || this.canvas.height !== bitmap.height) {
      this.canvas.width = bitmap.width
      this.canvas.height = bitmap.height
    }
    context.drawImage(bitmap, 0, 0)
    const { map, record } = packet.header
    if (!this.#settings.visible || map === null || packet.cells === null) return
    this.#layer.width = map.width
    this.#layer.height = map.height
    this.#layer.getContext('2d')?.putImageData(new ImageData(paintMap(map, packet.cells, record, this.#settings), map.width, map.height), 0, 0)
    context.imageSmoothingQuality = 'high'
    context.drawImage(this.#layer, 0, 0, bitmap.width, bitmap.height)
    if (record !== null) this.#outline(context, record)
  }

  #outline (context: CanvasRenderingContext2D, record: InspectionRecord): void {
    const scale = this.canvas.width / record.frame.width
    const passes = [{ width: 3, colour: 'rgba(0, 0, 0, .55)' }, { width: 1.25, colour: '#fff' }].map(({ width, colour }) => ({ line: width * Math.max(1, this.canvas.width / 640), colour }))
    const line = Math.max(...passes.map((pass) => pass.line))
    const frames = strongest(record.regions).shown.map((region) => frameOf(region, this.canvas, { scale, line }))
    for (const pass of passes) {
      context.lineWidth = pass.line
      context.strokeStyle = pass.colour
      for (const frame of frames) context.strokeRect(...frame)
    }
  }
}
