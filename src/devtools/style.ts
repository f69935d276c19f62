/** Adding a style sheet as a Content-Security-Policy allows it: built by script, not written into the page. */

/** Adds the style to a document or a shadow root. */
export function addStyle(root: Document | ShadowRoot, css: string): void {
  // Safari before 16.4 cannot make one.
  if ('replaceSync' in CSSStyleSheet.prototype) {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
    return
  }
  const element = document.createElement('style')
  element.textContent = css
  ;('head' in root ? root.head : root).append(element)
}
