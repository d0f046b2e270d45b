// The large-type version (大字版): the choice is remembered on this device and holds for all citizen pages.
const KEY = 'elder'

function read() {
  try { return localStorage.getItem(KEY) === '1' } catch { return false }
}

function show(button, on) {
  document.documentElement.classList.toggle('elder', on)
  button.setAttribute('aria-pressed', String(on))
  button.textContent = on ? button.dataset.on : button.dataset.off
}

export function elderSwitch(button, changed = () => {}) {
  if (!button) return
  show(button, read())
  button.addEventListener('click', () => {
    const on = !document.documentElement.classList.contains('elder')
    try { localStorage.setItem(KEY, on ? '1' : '0') } catch { /* private mode: the choice lasts for this page */ }
    show(button, on)
    changed()
  })
}
