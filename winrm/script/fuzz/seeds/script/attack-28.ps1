Get-Content @"
"@; iex 1