Get-SmbOpenFile |
    Where-Object Path -like '*\Finance\*' | Select-Object ClientUserName, ClientComputerName, Path