/** How outputs call the pictures of a data set. */
import { dirname, relative } from 'node:path'
import type { Dataset } from '../engine/evaluation/dataset.ts'

/** Relative to the data set. */
export function nameIn ({ source, layout }: Dataset): (path: string) => string {
  const root = layout === 'csv' ? dirname(source) : source
  return (path) => relative(root, path)
}
