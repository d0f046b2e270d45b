"""Reports as files and on time: PDF, Word, Excel and CSV of what `ticketing.reports` wrote."""
