/**
 * The URL of a module beside another, in the same form (`.ts` from a checkout, `.js` when built): for worker threads and child
 * processes, whose entry the compiler does not rewrite.
 */
export function siblingModule (importMetaUrl: string, relativePath: string): URL {
  return new URL(relativePath + (importMetaUrl.endsWith('.ts') ? '.ts' : '.js'), importMetaUrl)
}
