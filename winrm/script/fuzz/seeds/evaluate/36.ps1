Get-Volume | Where-Object { $_.DriveLetter -and $_.DriveType -eq 'Fixed' } |
    Select-Object DriveLetter, FileSystemLabel, FileSystem, HealthStatus,
        @{N='Size(GB)';E={[math]::Round($_.Size / 1GB, 2)}},
        @{N='Free(GB)';E={[math]::Round($_.SizeRemaining / 1GB, 2)}} |
    Sort-Object DriveLetter