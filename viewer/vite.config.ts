/** The live page: static files with relative addresses, so that it works behind any path. */
import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  build: { outDir: '../dist/viewer', emptyOutDir: true, target: 'es2022', modulePreload: { polyfill: false } }
})
