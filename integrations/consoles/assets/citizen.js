// The citizen's pages (查进度, 评价) work without a script; this adds the large-type switch and stops double clicks.
import { elderSwitch } from './elder.js'

elderSwitch(document.querySelector('#big'))
for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', () => {
    for (const button of form.querySelectorAll('button')) setTimeout(() => { button.disabled = true })
  })
}
addEventListener('pageshow', () => {
  for (const button of document.querySelectorAll('form button')) button.disabled = false
})
