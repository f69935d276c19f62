/** Adding a style sheet as a Content-Security-Policy allows it: built by script, not written into the page. */

/** Adds the style to a document or a shadow root. */
export function addStyle(root: Document | ShadowRoot, css: string): void {
  // A sheet belongs to the document of the window that makes it, and a panel may move to another window.
  const { CSSStyleSheet: Sheet } = ('defaultView' in root ? root : root.ownerDocument).defaultView ?? globalThis
  // Safari before 16.4 cannot make one.
  if ('replaceSync' in Sheet.prototype) {
    const sheet = new Sheet()
    sheet.replaceSync(css)
    root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet]
    return
  }
  const element = document.createElement('style')
  element.textContent = css
  ;('head' in root ? root.head : root).append(element)
}
