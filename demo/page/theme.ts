// The colours of the page: light, dark, or those of the system.

const KEY = 'demo-theme'

export function applyTheme(theme = localStorage.getItem(KEY) ?? 'system'): void {
  document.documentElement.style.colorScheme = theme === 'system' ? 'light dark' : theme
}

export function createTheme(select: HTMLSelectElement): void {
  select.value = localStorage.getItem(KEY) ?? 'system'
  select.addEventListener('change', () => {
    localStorage.setItem(KEY, select.value)
    applyTheme()
  })
  addEventListener('storage', ({ key }) => {
    if (key !== KEY) return
    select.value = localStorage.getItem(KEY) ?? 'system'
    applyTheme()
  })
  applyTheme()
}
