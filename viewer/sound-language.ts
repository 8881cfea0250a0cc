/**
 * A browser without a screen that runs under the locale C or POSIX names its language `en-US@posix`, which `Intl` refuses. The chart's library
 * asks `Intl` for that language as it loads, and the page would stay empty: this file is imported before it.
 */
try {
  Intl.getCanonicalLocales(navigator.language)
} catch {
  const sound = navigator.language.replace(/@.*$/, '')
  Object.defineProperty(navigator, 'language', { configurable: true, get: () => sound })
}
