// Reads an answer aloud (朗读) where the device can; numbers to dial or to copy are read digit by digit.
const DIAL = new Set(['110', '112', '119', '120', '122'])
const COUNTED = /^[.,]?[0-9]*[元万亿平米人户件年月日天]/
const NO_VOICE = 4000

let current = null

export const canRead = typeof speechSynthesis === 'object' && typeof SpeechSynthesisUtterance === 'function'

export function spoken(text) {
  return text.replace(/[0-9]+/g, (digits, at) => {
    const after = text.slice(at + digits.length, at + digits.length + 12)
    const dialled = DIAL.has(digits) || (digits.length >= 5 && !COUNTED.test(after))
    return dialled ? [...digits].join(' ') : digits
  })
}

// Starts or stops the reading of a message; `show(reading, failed)` tells the button what it is doing.
export function read(text, slowly, show) {
  const before = current
  if (before) { current = null; speechSynthesis.cancel(); before.show(false) }
  if (before?.text === text) return
  const own = current = { text, show }
  const end = (failed) => { if (current === own) { current = null; clearTimeout(own.timer); show(false, failed) } }
  const voice = speechSynthesis.getVoices().find((one) => /^(zh|cmn)/i.test(one.lang))
  const sentences = spoken(text).match(/[^。！？；\n]+[。！？；\n]?/g) ?? [] // browsers cut long utterances off
  sentences.forEach((sentence, n) => {
    const said = new SpeechSynthesisUtterance(sentence)
    Object.assign(said, { lang: 'zh-CN', rate: slowly ? 0.8 : 1, voice: voice ?? null })
    said.onstart = () => clearTimeout(own.timer)
    said.onerror = () => end(true)
    if (n === sentences.length - 1) said.onend = () => end(false)
    speechSynthesis.speak(said)
  })
  own.timer = setTimeout(() => { speechSynthesis.cancel(); end(true) }, NO_VOICE)
  show(true)
}
