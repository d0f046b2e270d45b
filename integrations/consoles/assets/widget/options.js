// What the host page decides, by the script tag's data- attributes. Everything is optional; nonsense is ignored.
const COLOUR = /^#[0-9a-f]{6}$/i
const READABLE = 4.5
const GREETING = 200

export function optionsOf(script) {
  const { color = '', position, greeting = '', large, memory } = script.dataset
  return {
    home: new URL('.', script.src).href.replace(/\/$/, ''),
    left: position === 'left',
    greeting: greeting.trim().slice(0, GREETING),
    large: large === 'true' || large === '1',
    storage: memory === 'tab' ? 'sessionStorage' : 'localStorage',
    ...coloursOf(COLOUR.test(color) ? color : ''),
  }
}

// The city's colour; where white would be hard to read on it, what stands on it is black and text keeps our blue.
function coloursOf(colour) {
  if (!colour) return {}
  const light = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
  const contrast = 1.05 / (0.2126 * light[0] + 0.7152 * light[1] + 0.0722 * light[2] + 0.05)
  return contrast >= READABLE ? { colour, text: colour } : { colour, on: '#000' }
}
