// Charts of the report pages (图表): drawn from the page's own figures, which also stand there as tables.
import { BarChart, LineChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TooltipComponent } from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

use([BarChart, LineChart, GridComponent, LegendComponent, TooltipComponent, CanvasRenderer])
const COLOURS = ['#0f5bb5', '#c8923a', '#2c8a57', '#a33b3b', '#6a5acd']

function options({ type, labels, series }) {
  const names = { type: 'category', data: labels, axisLabel: { hideOverlap: true, interval: type === 'across' ? 0 : 'auto' } }
  const values = { type: 'value', minInterval: 0 }
  const across = type === 'across'
  return {
    color: COLOURS,
    animation: false,
    textStyle: { fontFamily: 'inherit', fontSize: 13 },
    grid: { left: 8, right: 24, top: series.length > 1 ? 36 : 12, bottom: 8, containLabel: true },
    tooltip: { trigger: 'axis' },
    legend: series.length > 1 ? { top: 0 } : undefined,
    xAxis: across ? values : names,
    yAxis: across ? { ...names, inverse: true } : values,
    series: series.map(({ name, values: data }) => ({ name, data, type: type === 'line' ? 'line' : 'bar', barMaxWidth: 28 })),
  }
}

for (const place of document.querySelectorAll('[data-chart]')) {
  const told = JSON.parse(place.dataset.chart)
  if (told.type === 'across') place.style.height = `${60 + told.labels.length * (12 + 10 * told.series.length)}px`
  const chart = init(place)
  chart.setOption(options(told))
  addEventListener('resize', () => chart.resize())
}
