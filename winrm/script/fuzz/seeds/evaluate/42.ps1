foreach ($log in 'Application', 'System') {
    wevtutil epl $log "D:\Logs\arch\$log.evtx"
    if ($LASTEXITCODE -eq 0) { Clear-EventLog -LogName $log } else { Write-Error "Export of $log failed"; break }
}