$services = 'W32Time','WinRM','EventLog','Netlogon'
foreach ($s in $services) {
    try {
        $svc = Get-Service -Name $s -ErrorAction Stop
        "$($svc.DisplayName): $($svc.Status)"
    } catch {
        "${s}: not found"
    }
}